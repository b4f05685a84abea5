"""Watching a conversation, and typing in it."""

import uuid

from serving.accounts.principal import Actor
from serving.context import ServingContext
from serving.conversations import repository
from serving.conversations.errors import ConversationNotFoundError
from serving.conversations.live.journal import latest_number
from serving.conversations.live.response import LiveEventsResponse
from storage.postgres.models.message import MessageAuthor
from storage.postgres.session import async_organization_session


async def tell_typing(context: ServingContext, actor: Actor, conversation_id: uuid.UUID) -> None:
    """Tell the other side that somebody types.

    Raises:
        ConversationNotFoundError: Unknown, or of somebody else.
    """
    side, _ = await _side(context, actor, conversation_id)
    context.live.typing(conversation_id, side)


async def watch(
    context: ServingContext, actor: Actor, conversation_id: uuid.UUID, *, after: int | None, last_event_id: str | None
) -> LiveEventsResponse:
    """The events of a conversation: after a number, else from now on.

    Raises:
        ConversationNotFoundError: Unknown, or of somebody else.
    """
    side, latest = await _side(context, actor, conversation_id)
    seen = int(last_event_id) if last_event_id and last_event_id.isascii() and last_event_id.isdigit() else after
    return LiveEventsResponse(
        context, actor, conversation_id, side=side, after=latest if seen is None else min(seen, latest)
    )


async def _side(context: ServingContext, actor: Actor, conversation_id: uuid.UUID) -> tuple[str, int]:
    """On which side of a conversation somebody is, and its latest event."""
    async with async_organization_session(context.engine, actor.organization_id) as session:
        conversation = await repository.visible_conversation(session, actor, conversation_id)
        if conversation is None:
            raise ConversationNotFoundError
        is_own = (
            conversation.user_id == actor.user_id
            if actor.user_id is not None
            else conversation.api_key_id == actor.api_key_id
        )
        side = MessageAuthor.USER if is_own else MessageAuthor.AGENT
        return side.value, await latest_number(session, conversation_id)
