"""How a conversation comes to be handed over: a message asks for it, the bot gives up, or somebody presses the button."""

import uuid

from sqlalchemy.exc import NoResultFound
from sqlalchemy.ext.asyncio import AsyncSession

from serving.accounts.audit import record
from serving.accounts.principal import Actor
from serving.bots.handover_config import HandoverConfig
from serving.context import ServingContext
from serving.conversations.branches import turns_of_branch
from serving.conversations.handovers import repository
from serving.conversations.handovers.schemas import HandoverOut
from serving.conversations.handovers.wishes import asks_for_person
from serving.conversations.live.journal import record_event
from storage.postgres.models.handover import Handover, HandoverReason
from storage.postgres.models.message import MessageAuthor


async def handed_over(
    context: ServingContext,
    session: AsyncSession,
    actor: Actor,
    conversation_id: uuid.UUID,
    config: HandoverConfig,
    question: str,
) -> HandoverOut | None:
    """The hand-over that a message falls under, or asks for; None when the bot is to answer.

    A visitor has one at a time: asked for in a second conversation, the bot answers there. The caller has locked the
    conversation.
    """
    found = await repository.open_handover(session, conversation_id)
    if found is None and config.on_request and asks_for_person(question, config.phrases):
        if await waits_elsewhere(session, actor, conversation_id):
            return None
        return await request_handover(context, session, actor, conversation_id, reason=HandoverReason.ASKED)
    return await shown(session, actor, found.id) if found is not None else None


async def open_handover_shown(session: AsyncSession, actor: Actor, conversation_id: uuid.UUID) -> HandoverOut | None:
    """The hand-over of a conversation that is not resolved, if there is one."""
    found = await repository.open_handover(session, conversation_id)
    return await shown(session, actor, found.id) if found is not None else None


async def refused_too_often(
    context: ServingContext,
    session: AsyncSession,
    actor: Actor,
    conversation_id: uuid.UUID,
    config: HandoverConfig,
    *,
    answer_id: uuid.UUID,
) -> HandoverOut | None:
    """A hand-over when the last answers of a branch, this one included, did not know; None when that is not enough yet."""
    if config.after_refusals is None:
        return None
    turns = await turns_of_branch(session, answer_id, most=2 * config.after_refusals)
    answers = [turn.id for turn in turns if turn.author == MessageAuthor.BOT]
    if len(answers) < config.after_refusals:
        return None
    if await repository.refused_in_a_row(session, answers) < config.after_refusals:
        return None
    if await waits_elsewhere(session, actor, conversation_id):
        return None
    return await request_handover(context, session, actor, conversation_id, reason=HandoverReason.REFUSALS)


async def waits_elsewhere(session: AsyncSession, actor: Actor, conversation_id: uuid.UUID) -> bool:
    """Whether a visitor waits for a person in another conversation: many at once would push others out of the queue."""
    if actor.visitor_id is None:
        return False
    return await repository.is_waiting_elsewhere(session, actor.visitor_id, conversation_id)


async def request_handover(
    context: ServingContext,
    session: AsyncSession,
    actor: Actor,
    conversation_id: uuid.UUID,
    *,
    reason: HandoverReason,
    note: str | None = None,
) -> HandoverOut:
    """Ask for a person; again, it is the hand-over that is open already."""
    found = await repository.open_handover(session, conversation_id)
    if found is None:
        found = Handover(
            id=uuid.uuid4(),
            organization_id=actor.organization_id,
            conversation_id=conversation_id,
            reason=reason,
            note=note,
        )
        session.add(found)
        await session.flush()
        record(
            session, actor, "handover.requested", subject_type="handover", subject_id=found.id,
            details={"conversation_id": str(conversation_id), "reason": reason.value},
        )  # fmt: skip
        await record_event(
            session, context.live, conversation_id, "handover.requested", handover_id=str(found.id), reason=reason.value
        )
    return await shown(session, actor, found.id)


async def shown(session: AsyncSession, actor: Actor, handover_id: uuid.UUID) -> HandoverOut:
    """A hand-over as the one sees it who waits."""
    row = await repository.queued(session, actor, handover_id)
    if row is None:
        raise NoResultFound
    return HandoverOut.model_validate(row)
