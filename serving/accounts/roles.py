"""Which role may do what."""

import enum

from storage.postgres.models.member import Role


class VisitorRole(enum.StrEnum):
    """The role of somebody without an account. No member and no key can be given it."""

    VISITOR = "visitor"


AnyRole = Role | VisitorRole


class Permission(enum.StrEnum):
    """One thing that a request may need."""

    MANAGE_ORGANIZATION = "manage_organization"
    READ_MEMBERS = "read_members"
    READ_BOTS = "read_bots"
    WRITE_BOTS = "write_bots"
    READ_KNOWLEDGE = "read_knowledge"
    OPEN_PASSAGES = "open_passages"
    """Of everything with READ_KNOWLEDGE, else those that an answer to oneself has shown."""
    WRITE_KNOWLEDGE = "write_knowledge"
    CHAT = "chat"
    """Have conversations with a bot: ask, read the answers, rate them, ask for a person."""
    CONVERSE = "converse"
    """Beside that, see what stands behind them, and use bots as a program does."""
    READ_ALL_CONVERSATIONS = "read_all_conversations"
    ANSWER_CONVERSATIONS = "answer_conversations"
    READ_ANALYTICS = "read_analytics"


_VISITOR = frozenset({Permission.CHAT, Permission.OPEN_PASSAGES})
_VIEWER = _VISITOR | {Permission.READ_BOTS, Permission.READ_KNOWLEDGE, Permission.CONVERSE}
_AGENT = _VIEWER | {Permission.READ_ALL_CONVERSATIONS, Permission.ANSWER_CONVERSATIONS}
_ANALYST = _AGENT | {Permission.READ_ANALYTICS, Permission.READ_MEMBERS}
_BUILDER = _ANALYST | {Permission.WRITE_BOTS, Permission.WRITE_KNOWLEDGE}
_OWNER = _BUILDER | {Permission.MANAGE_ORGANIZATION}

PERMISSIONS: dict[AnyRole, frozenset[Permission]] = {
    VisitorRole.VISITOR: _VISITOR,
    Role.VIEWER: _VIEWER,
    Role.AGENT: _AGENT,
    Role.ANALYST: _ANALYST,
    Role.BUILDER: _BUILDER,
    Role.OWNER: _OWNER,
}
