"""Conversation templates and canned replies: kept, changed, used."""

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from serving.accounts.audit import record
from serving.accounts.principal import Actor
from serving.bots import service as bots
from serving.conversations import branches
from serving.conversations import service as conversations
from serving.conversations.openings import repository
from serving.conversations.openings.errors import (
    CannedReplyNotFoundError,
    ConversationTemplateNotFoundError,
    NameTakenError,
    VariablesError,
)
from serving.conversations.openings.schemas import (
    PLACEHOLDER,
    CannedReplyCreate,
    CannedReplyUpdate,
    ConversationFromTemplate,
    ConversationTemplateCreate,
    OpenedConversation,
)
from serving.conversations.schemas import ConversationCreate, MessageOut
from storage.postgres.models.canned_reply import CannedReply
from storage.postgres.models.conversation import Conversation
from storage.postgres.models.conversation_template import ConversationTemplate
from storage.postgres.models.message import Message, MessageAuthor, MessageRole, MessageState

Row = TypeVar("Row", CannedReply, ConversationTemplate)


async def list_templates(session: AsyncSession, *, chatbot_id: uuid.UUID | None) -> Sequence[ConversationTemplate]:
    """Templates by name, of one bot or of all."""
    return await repository.templates(session, chatbot_id=chatbot_id)


async def get_template(session: AsyncSession, template_id: uuid.UUID) -> ConversationTemplate:
    """One template.

    Raises:
        ConversationTemplateNotFoundError: Unknown here.
    """
    found = await session.get(ConversationTemplate, template_id)
    if found is None:
        raise ConversationTemplateNotFoundError
    return found


async def create_template(
    session: AsyncSession, actor: Actor, body: ConversationTemplateCreate
) -> ConversationTemplate:
    """Add a template.

    Raises:
        ChatbotNotFoundError: No such bot.
        NameTakenError: Another one has its name.
    """
    await bots.get_chatbot(session, body.chatbot_id)
    row = ConversationTemplate(
        id=uuid.uuid4(), organization_id=actor.organization_id, created_by=actor.user_id, **body.model_dump()
    )
    return await _stored(session, actor, row, "conversation_template", "created")


async def replace_template(
    session: AsyncSession, actor: Actor, template_id: uuid.UUID, body: ConversationTemplateCreate
) -> ConversationTemplate:
    """Put another content into a template; raises as `get_template` and `create_template`."""
    row = await get_template(session, template_id)
    await bots.get_chatbot(session, body.chatbot_id)
    return await _changed(session, actor, row, "conversation_template", body.model_dump())


async def delete_template(session: AsyncSession, actor: Actor, template_id: uuid.UUID) -> None:
    """Remove a template; conversations that were started from it stay."""
    await _deleted(session, actor, await get_template(session, template_id), "conversation_template")


async def start_from_template(
    session: AsyncSession, actor: Actor, template_id: uuid.UUID, body: ConversationFromTemplate
) -> OpenedConversation:
    """Start a conversation in which the bot has said its opening.

    Raises:
        ConversationTemplateNotFoundError: Unknown here.
        VariablesError: One is missing, or is none of the template.
    """
    template = await get_template(session, template_id)
    values = _values(template, body.variables)
    started = await conversations.start_conversation(
        session, actor, ConversationCreate(chatbot_id=template.chatbot_id, title=template.name[:255])
    )
    conversation = await session.get_one(Conversation, started.id)
    last: Message | None = None
    for ordinal, text in enumerate(template.messages):
        last = Message(
            id=uuid.uuid4(),
            organization_id=actor.organization_id,
            conversation_id=conversation.id,
            parent_id=last.id if last else None,
            ordinal=ordinal,
            role=MessageRole.ASSISTANT,
            author=MessageAuthor.BOT,
            state=MessageState.COMPLETE,
            content=PLACEHOLDER.sub(lambda match: values[match[1]], text),
            completed_at=datetime.now(UTC),
        )
        session.add(last)
        await session.flush()
    conversation.active_leaf_id = last.id if last else None
    await session.flush()
    said = await branches.messages(session, actor, conversation.id, is_whole_tree=False)
    shown = started.model_dump() | {"messages": len(said)}
    return OpenedConversation(**shown, opening=[MessageOut.model_validate(one) for one in said])


def _values(template: ConversationTemplate, given: dict[str, str]) -> dict[str, str]:
    if unknown := sorted(given.keys() - template.variables.keys()):
        valid = ", ".join(sorted(template.variables)) or "none"
        raise VariablesError(f"Unknown variable `{unknown[0]}`; valid: {valid}")
    values = {name: given.get(name, default) for name, default in template.variables.items()}
    if missing := sorted(name for name, value in values.items() if value is None):
        raise VariablesError(f"Variable `{missing[0]}` has no default, and no value was given; send one in `variables`")
    return {name: str(value) for name, value in values.items()}


async def list_replies(session: AsyncSession, *, words: str | None, limit: int) -> Sequence[CannedReply]:
    """Canned replies by shortcut, all or those with some words."""
    return await repository.replies(session, words=words, limit=limit)


async def create_reply(session: AsyncSession, actor: Actor, body: CannedReplyCreate) -> CannedReply:
    """Add a canned reply.

    Raises:
        NameTakenError: Another one has its shortcut.
    """
    row = CannedReply(
        id=uuid.uuid4(), organization_id=actor.organization_id, created_by=actor.user_id, **body.model_dump()
    )
    return await _stored(session, actor, row, "canned_reply", "created")


async def update_reply(
    session: AsyncSession, actor: Actor, reply_id: uuid.UUID, body: CannedReplyUpdate
) -> CannedReply:
    """Change a canned reply.

    Raises:
        CannedReplyNotFoundError: Unknown here.
        NameTakenError: Another one has its shortcut.
    """
    changes = body.model_dump(exclude_unset=True, exclude_none=True)
    return await _changed(session, actor, await _reply(session, reply_id), "canned_reply", changes)


async def delete_reply(session: AsyncSession, actor: Actor, reply_id: uuid.UUID) -> None:
    """Remove a canned reply."""
    await _deleted(session, actor, await _reply(session, reply_id), "canned_reply")


async def _reply(session: AsyncSession, reply_id: uuid.UUID) -> CannedReply:
    found = await session.get(CannedReply, reply_id)
    if found is None:
        raise CannedReplyNotFoundError
    return found


async def _stored(session: AsyncSession, actor: Actor, row: Row, kind: str, what: str) -> Row:
    session.add(row)
    try:
        await session.flush()
    except IntegrityError as error:
        raise NameTakenError from error
    await session.refresh(row)
    record(session, actor, f"{kind}.{what}", subject_type=kind, subject_id=row.id)
    return row


async def _changed(session: AsyncSession, actor: Actor, row: Row, kind: str, changes: dict[str, Any]) -> Row:
    for name, value in changes.items():
        setattr(row, name, value)
    return await _stored(session, actor, row, kind, "updated")


async def _deleted(session: AsyncSession, actor: Actor, row: Row, kind: str) -> None:
    await session.delete(row)
    await session.flush()
    record(session, actor, f"{kind}.deleted", subject_type=kind, subject_id=row.id)
