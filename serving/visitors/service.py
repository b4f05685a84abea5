"""A visit: what is told before it, how it begins, and how it is forgotten."""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from ingestion.erasing import request_erasure
from serving.accounts import repository as accounts
from serving.accounts.audit import record
from serving.accounts.authentication import visitor_principal
from serving.accounts.credentials import new_visitor_token, token_hash
from serving.accounts.principal import Actor
from serving.bots import service as bots
from serving.bots.errors import ChatbotNotFoundError
from serving.context import ServingContext
from serving.settings import ServingSettings
from serving.visitors import repository
from serving.visitors.addresses import counted_as
from serving.visitors.errors import TooManyVisitorsError
from serving.visitors.schemas import BotAbout
from storage.postgres.models.erasure import ErasureKind
from storage.postgres.models.visitor import Visitor
from storage.postgres.session import async_identity_session, async_organization_session
from storage.retention import VISITOR_KEY


@dataclass(frozen=True)
class Published:
    """A bot that visitors may talk to."""

    chatbot_id: uuid.UUID
    organization_id: uuid.UUID
    frame_origins: tuple[str, ...]


@dataclass(frozen=True)
class Visit:
    """A visit that goes on: the bot, and the token for the cookie."""

    bot: Published
    token: str


def as_id(reference: str) -> uuid.UUID | None:
    """The id that a link names, None when it is none: visitors come by the bot's id, since slugs are an organization's own."""
    try:
        return uuid.UUID(reference)
    except ValueError:
        return None


async def find_published(engine: AsyncEngine, reference: str) -> Published:
    """The published bot of an id.

    Raises:
        ChatbotNotFoundError: Unknown, or not published to visitors; nobody can tell which.
    """
    chatbot_id = as_id(reference)
    if chatbot_id is None:
        raise ChatbotNotFoundError
    async with async_identity_session(engine) as session:
        return await published_in(session, chatbot_id)


async def published_in(session: AsyncSession, chatbot_id: uuid.UUID) -> Published:
    """As `find_published`, in a transaction that is open already; raises as it does."""
    row = await repository.published(session, chatbot_id)
    if row is None:
        raise ChatbotNotFoundError
    return Published(chatbot_id, row.organization_id, tuple(row.frame_origins))


async def about(context: ServingContext, reference: str, *, token: str) -> BotAbout:
    """What anybody may know of a bot, and where the visitor of a token was; raises as `find_published`."""
    found = await find_published(context.engine, reference)
    visitor = await visitor_principal(context.engine, token, found.chatbot_id) if token else None
    async with async_organization_session(context.engine, found.organization_id) as session:
        bot = await bots.get_chatbot(session, found.chatbot_id)
        latest = None
        if visitor is not None and visitor.visitor_id is not None:
            latest = await repository.latest_conversation(session, visitor.visitor_id)
    return BotAbout(
        id=bot.id,
        name=bot.name,
        welcome_message=bot.config.welcome_message,
        kept_days=context.settings.visitor_days,
        hands_over=bot.config.handover.on_request,
        conversation_id=latest,
    )


async def begin(context: ServingContext, reference: str, *, token: str, host: str) -> Visit:
    """The visit of a token while it holds, else a new one.

    New ones are counted by address, in a transaction of their own and before the bot is looked up: guessing ids is
    counted as well.

    Args:
        context: The process's context.
        reference: The bot's id, as it was sent.
        token: What the browser has; empty for none.
        host: The peer's address.

    Raises:
        TooManyVisitorsError: The address has begun too many visits.
        ChatbotNotFoundError: As `find_published`.
    """
    if token:
        bot = await find_published(context.engine, reference)
        if await visitor_principal(context.engine, token, bot.chatbot_id) is not None:
            return Visit(bot, token)
    await _count(context.engine, context.settings, host)
    bot = await find_published(context.engine, reference)
    fresh, now = new_visitor_token(), datetime.now(UTC)
    async with async_organization_session(context.engine, bot.organization_id) as session:
        session.add(
            Visitor(
                organization_id=bot.organization_id,
                chatbot_id=bot.chatbot_id,
                token_hash=token_hash(fresh),
                last_used_at=now,
                expires_at=now + timedelta(days=context.settings.visitor_days),
            )
        )
    return Visit(bot, fresh)


async def _count(engine: AsyncEngine, settings: ServingSettings, host: str) -> None:
    key, window_s = VISITOR_KEY + counted_as(host), settings.sign_in_window_s
    async with async_identity_session(engine) as session:
        count, seconds = await accounts.count_attempt(session, key, window_s=window_s)
    if count > settings.visitors_per_address:
        raise TooManyVisitorsError(f"Too many visits began here; try again in {seconds} s", retry_after_s=seconds)


async def forget(session: AsyncSession, actor: Actor, visitor_id: uuid.UUID) -> None:
    """End a visit at once, and have what was said in it erased by a worker.

    Where nothing was said, nothing is to be proved: the visitor is removed, with the conversations that hold no word.
    """
    await repository.hold(session, visitor_id)
    if not await repository.has_said(session, visitor_id):
        await repository.remove(session, visitor_id)
        return
    await repository.end(session, visitor_id)
    row = await session.run_sync(
        lambda sync: request_erasure(sync, actor.organization_id, kind=ErasureKind.SUBJECT, subject=str(visitor_id))
    )
    await session.flush()
    record(session, actor, "erasure.requested", subject_type="erasure", subject_id=row.id, details={"kind": row.kind})
