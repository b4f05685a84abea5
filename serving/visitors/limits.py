"""How much visitors may ask a day. A question, an edit, another try and an answer begun again count one each.

The counters are rows, changed in the transaction that stores the question: what is refused is neither stored nor counted,
and a limit holds however many ask at once.
"""

from datetime import UTC, datetime, time, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from serving.accounts import repository as accounts
from serving.accounts.principal import Actor
from serving.errors import UnauthenticatedError
from serving.visitors import repository
from serving.visitors.addresses import counted_as
from serving.visitors.errors import VisitorLimitError
from storage.retention import VISITOR_KEY

# An address may be that of several people; whoever forgets a chat to begin another one stays at theirs.
_PER_ADDRESS = 3
_DAY_S = 24 * 3600
_OVER = "This visit is over"
_OF_ONE = "You have asked {limit} questions today, as many as a visitor may; ask again tomorrow"
_OF_ADDRESS = "Visitors at your address have asked {limit} questions today, as many as they may; ask again tomorrow"
_OF_ALL = "This bot has been asked as much today as it takes; ask again tomorrow"


async def count_question(session: AsyncSession, actor: Actor) -> None:
    """Count a question of a visitor; of members and programs nothing is counted here.

    To be called last in its transaction: the counters of the bot and of the address are locked until then, and others of its
    visitors wait for them.

    Raises:
        VisitorLimitError: The visitor, their address, or all visitors together asked as much as they may today.
        UnauthenticatedError: The visit ended meanwhile.
    """
    if actor.visitor_id is None or actor.chatbot_id is None:
        return
    now = datetime.now(UTC)
    limits = await repository.limits(session, actor.chatbot_id)
    by_one = await repository.count_of_visitor(session, actor.visitor_id, now.date())
    if by_one is None:
        raise UnauthenticatedError(_OVER)
    _check(now, limits.of_one, by_one, _OF_ONE)
    if (key := _address_key(actor, now)) is not None:
        by_address, _ = await accounts.count_attempt(session, key, window_s=_DAY_S)
        _check(now, limits.of_one * _PER_ADDRESS, by_address, _OF_ADDRESS)
    _check(now, limits.of_all, await repository.count_of_bot(session, actor, now.date()), _OF_ALL)


async def check_questions(session: AsyncSession, actor: Actor) -> None:
    """Whether a visitor may ask one more question today; raises as `count_question`.

    To be called first in the transaction that stores the question: who is over a limit costs nothing more than this. Their
    row stays locked, so that what one visitor begins is begun one after another.
    """
    if actor.visitor_id is None or actor.chatbot_id is None:
        return
    now = datetime.now(UTC)
    limits = await repository.limits(session, actor.chatbot_id)
    asked = await repository.asked(session, actor, now.date())
    if asked is None:
        raise UnauthenticatedError(_OVER)
    _check(now, limits.of_one, asked.by_one + 1, _OF_ONE)
    if (key := _address_key(actor, now)) is not None:
        _check(now, limits.of_one * _PER_ADDRESS, await repository.asked_from(session, key) + 1, _OF_ADDRESS)
    _check(now, limits.of_all, asked.by_all + 1, _OF_ALL)


async def hold_visitor(session: AsyncSession, actor: Actor) -> None:
    """Let a visitor do one thing after another, as `check_questions` does, without asking how much they may."""
    if actor.visitor_id is not None:
        await repository.hold(session, actor.visitor_id)


def _address_key(actor: Actor, now: datetime) -> str | None:
    """Under which the questions of an address to a bot are counted on a day; housekeeping removes it a day later."""
    if actor.address is None or actor.chatbot_id is None:
        return None
    return f"{VISITOR_KEY}{now:%Y%m%d}:{actor.chatbot_id.hex}:{counted_as(actor.address)}"


def _check(now: datetime, limit: int, asked: int, over: str) -> None:
    if asked > limit:
        raise VisitorLimitError(over.format(limit=limit), retry_after_s=_until_tomorrow_s(now))


def _until_tomorrow_s(now: datetime) -> int:
    tomorrow = datetime.combine(now.date() + timedelta(days=1), time(), tzinfo=UTC)
    return int((tomorrow - now).total_seconds()) + 1
