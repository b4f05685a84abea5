"""Which role may do what."""

import enum

from storage.postgres.models.member import Role


class Permission(enum.StrEnum):
    """One thing that a request may need."""

    MANAGE_ORGANIZATION = "manage_organization"
    READ_MEMBERS = "read_members"
    READ_BOTS = "read_bots"
    WRITE_BOTS = "write_bots"
    READ_KNOWLEDGE = "read_knowledge"
    WRITE_KNOWLEDGE = "write_knowledge"
    CONVERSE = "converse"
    READ_ALL_CONVERSATIONS = "read_all_conversations"
    ANSWER_CONVERSATIONS = "answer_conversations"
    READ_ANALYTICS = "read_analytics"


_VIEWER = frozenset({Permission.READ_BOTS, Permission.READ_KNOWLEDGE, Permission.CONVERSE})
_AGENT = _VIEWER | {Permission.READ_ALL_CONVERSATIONS, Permission.ANSWER_CONVERSATIONS}
_ANALYST = _AGENT | {Permission.READ_ANALYTICS, Permission.READ_MEMBERS}
_BUILDER = _ANALYST | {Permission.WRITE_BOTS, Permission.WRITE_KNOWLEDGE}
_OWNER = _BUILDER | {Permission.MANAGE_ORGANIZATION}

PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.VIEWER: _VIEWER,
    Role.AGENT: _AGENT,
    Role.ANALYST: _ANALYST,
    Role.BUILDER: _BUILDER,
    Role.OWNER: _OWNER,
}
