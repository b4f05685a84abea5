"""Answering in the place of the bot: the queue, taking, replying, releasing, giving back."""

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from serving.accounts.audit import record
from serving.accounts.principal import Actor
from serving.accounts.roles import Permission
from serving.bots import service as bots
from serving.context import ServingContext
from serving.conversations import branches
from serving.conversations import repository as conversations
from serving.conversations.errors import ConversationNotFoundError
from serving.conversations.handovers import repository
from serving.conversations.handovers.errors import (
    HandoverElsewhereError,
    HandoverNotFoundError,
    HandoverNotOfferedError,
    HandoverResolvedError,
    HandoverTakenError,
    NothingToHandOverError,
)
from serving.conversations.handovers.requesting import request_handover, waits_elsewhere
from serving.conversations.handovers.schemas import HandoverCreate, HandoverOut, QueuedHandover, ReplyCreate
from serving.conversations.live.journal import MESSAGE_CREATED, record_event
from serving.telemetry import metrics
from serving.visitors.limits import hold_visitor
from storage.postgres.models.conversation import Conversation
from storage.postgres.models.handover import Handover, HandoverReason, HandoverState
from storage.postgres.models.message import Message, MessageAuthor, MessageRole, MessageState
from storage.postgres.session import AnyRow


async def request(
    context: ServingContext, session: AsyncSession, actor: Actor, conversation_id: uuid.UUID, body: HandoverCreate
) -> HandoverOut:
    """Ask for a person.

    Raises:
        ConversationNotFoundError: Unknown, or of somebody else.
        HandoverNotOfferedError: A visitor asks, and the bot does not hand over on request.
        NothingToHandOverError: A visitor asks, and nothing was said yet.
        HandoverElsewhereError: A visitor asks, and waits in another conversation already.
    """
    await hold_visitor(session, actor)
    conversation = await conversations.lock_conversation(session, actor, conversation_id)
    if conversation is None:
        raise ConversationNotFoundError
    if actor.visitor_id is not None:
        bot = await bots.get_chatbot(session, conversation.chatbot_id)
        if not bot.config.handover.on_request:
            raise HandoverNotOfferedError
        if not await repository.has_messages(session, conversation_id):
            raise NothingToHandOverError
        if await waits_elsewhere(session, actor, conversation_id):
            raise HandoverElsewhereError
    return await request_handover(
        context, session, actor, conversation_id, reason=HandoverReason.REQUESTED, note=body.note
    )


async def list_queue(
    session: AsyncSession, actor: Actor, *, states: Sequence[HandoverState], limit: int, offset: int
) -> Sequence[AnyRow]:
    """A page of the queue, ordered as `repository.queue` says."""
    return await repository.queue(session, actor, states=states, limit=limit, offset=offset)


async def count_queue(session: AsyncSession, actor: Actor) -> AnyRow:
    """How long the queue is in all."""
    return await repository.counts(session, actor)


async def take(context: ServingContext, session: AsyncSession, actor: Actor, handover_id: uuid.UUID) -> QueuedHandover:
    """Answer in this conversation from now on; again, nothing changes.

    Raises:
        HandoverNotFoundError: Unknown here.
        HandoverResolvedError: It is over.
        HandoverTakenError: Somebody else answers.
    """
    row = await _open(session, actor, handover_id)
    await _assign(context, session, actor, row)
    return await _shown(session, actor, handover_id)


async def release(
    context: ServingContext, session: AsyncSession, actor: Actor, handover_id: uuid.UUID
) -> QueuedHandover:
    """Put a conversation back into the queue; an owner may do so for others. Raises as `take`."""
    row = await _open(session, actor, handover_id, for_others=actor.may(Permission.MANAGE_ORGANIZATION))
    row.state = HandoverState.REQUESTED
    row.assigned_user_id = row.assigned_api_key_id = row.assigned_at = None
    await _tell(context, session, actor, row, "released")
    return await _shown(session, actor, handover_id)


async def resolve(
    context: ServingContext, session: AsyncSession, actor: Actor, handover_id: uuid.UUID
) -> QueuedHandover:
    """Give a conversation back to the bot; an owner may do so for others. Raises as `take`."""
    row = await _open(session, actor, handover_id, for_others=actor.may(Permission.MANAGE_ORGANIZATION))
    row.state, row.resolved_at = HandoverState.RESOLVED, datetime.now(UTC)
    await _tell(context, session, actor, row, "resolved")
    return await _shown(session, actor, handover_id)


async def reply(
    context: ServingContext, session: AsyncSession, actor: Actor, handover_id: uuid.UUID, body: ReplyCreate
) -> Message:
    """Answer; whoever answers first has taken the conversation. Raises as `take`."""
    row = await _open(session, actor, handover_id)
    await _assign(context, session, actor, row)
    conversation = await session.get_one(Conversation, row.conversation_id, with_for_update=True)
    leaf_id = await branches.leaf_of(session, conversation.id)
    last = await session.get(Message, leaf_id) if leaf_id else None
    ordinal = last.ordinal + 1 if last else 0
    said = Message(
        id=uuid.uuid4(),
        organization_id=actor.organization_id,
        conversation_id=conversation.id,
        parent_id=last.id if last else None,
        ordinal=ordinal,
        variant=(await branches.next_variants(session, conversation.id, ordinal))[ordinal],
        role=MessageRole.ASSISTANT,
        author=MessageAuthor.AGENT,
        author_user_id=actor.user_id,
        state=MessageState.COMPLETE,
        content=body.content,
        completed_at=datetime.now(UTC),
    )
    session.add(said)
    await session.flush()
    conversation.active_leaf_id = said.id
    await session.flush()
    await record_event(
        session, context.live, conversation.id, MESSAGE_CREATED, message_id=str(said.id), author=said.author
    )
    record(
        session, actor, "handover.replied", subject_type="handover", subject_id=row.id,
        details={"conversation_id": str(conversation.id), "message_id": str(said.id)},
    )  # fmt: skip
    return said


async def _open(session: AsyncSession, actor: Actor, handover_id: uuid.UUID, *, for_others: bool = False) -> Handover:
    row = await repository.locked(session, handover_id)
    if row is None:
        raise HandoverNotFoundError
    if row.state == HandoverState.RESOLVED:
        raise HandoverResolvedError
    if row.state == HandoverState.ASSIGNED and not for_others and not _is_mine(row, actor):
        raise HandoverTakenError
    return row


def _is_mine(row: Handover, actor: Actor) -> bool:
    if actor.user_id is not None:
        return row.assigned_user_id == actor.user_id
    return actor.api_key_id is not None and row.assigned_api_key_id == actor.api_key_id


async def _assign(context: ServingContext, session: AsyncSession, actor: Actor, row: Handover) -> None:
    if row.state == HandoverState.ASSIGNED:
        return
    now = datetime.now(UTC)
    row.state, row.assigned_at = HandoverState.ASSIGNED, now
    row.assigned_user_id, row.assigned_api_key_id = actor.user_id, actor.api_key_id
    if row.first_assigned_at is None:
        row.first_assigned_at = now
        metrics.HANDOVER_WAIT.observe(max(0.0, (now - row.created_at).total_seconds()))
    await _tell(context, session, actor, row, "assigned")


async def _tell(context: ServingContext, session: AsyncSession, actor: Actor, row: Handover, what: str) -> None:
    await session.flush()
    record(
        session, actor, f"handover.{what}", subject_type="handover", subject_id=row.id,
        details={"conversation_id": str(row.conversation_id)},
    )  # fmt: skip
    await record_event(session, context.live, row.conversation_id, f"handover.{what}", handover_id=str(row.id))


async def _shown(session: AsyncSession, actor: Actor, handover_id: uuid.UUID) -> QueuedHandover:
    await session.flush()
    return QueuedHandover.model_validate(await repository.queued(session, actor, handover_id))
