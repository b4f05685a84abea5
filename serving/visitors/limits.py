"""How much visitors may ask a day. A question, an edit, another try and an answer begun again count one each.

The counters are rows, changed in the transaction that stores the question: what is refused is neither stored nor counted,
and a limit holds however many ask at once.
"""

from datetime import UTC, datetime, time, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from serving.accounts.principal import Actor
from serving.errors import UnauthenticatedError
from serving.visitors import repository
from serving.visitors.errors import VisitorLimitError

_OVER = "This visit is over"


async def count_question(session: AsyncSession, actor: Actor) -> None:
    """Count a question of a visitor; of members and programs nothing is counted here.

    To be called last in its transaction: the bot's counter is locked until then, and others of its visitors wait for it.

    Raises:
        VisitorLimitError: The visitor, or all of them together, asked as much as they may today.
        UnauthenticatedError: The visit ended meanwhile.
    """
    if actor.visitor_id is None or actor.chatbot_id is None:
        return
    now = datetime.now(UTC)
    limits = await repository.limits(session, actor.chatbot_id)
    by_one = await repository.count_of_visitor(session, actor.visitor_id, now.date())
    if by_one is None:
        raise UnauthenticatedError(_OVER)
    _check(now, by_one=by_one, of_one=limits.of_one)
    _check(now, by_all=await repository.count_of_bot(session, actor, now.date()), of_all=limits.of_all)


async def check_questions(session: AsyncSession, actor: Actor) -> None:
    """Whether a visitor may ask one more question today; raises as `count_question`."""
    if actor.visitor_id is None or actor.chatbot_id is None:
        return
    now = datetime.now(UTC)
    limits = await repository.limits(session, actor.chatbot_id)
    asked = await repository.asked(session, actor, now.date())
    if asked is None:
        raise UnauthenticatedError(_OVER)
    _check(now, by_one=asked.by_one + 1, of_one=limits.of_one)
    _check(now, by_all=asked.by_all + 1, of_all=limits.of_all)


def _check(now: datetime, *, by_one: int = 0, of_one: int = 0, by_all: int = 0, of_all: int = 0) -> None:
    if by_one > of_one:
        raise VisitorLimitError(
            f"You have asked {of_one} questions today, as many as a visitor may; ask again tomorrow",
            retry_after_s=_until_tomorrow_s(now),
        )
    if by_all > of_all:
        raise VisitorLimitError(
            "This bot has been asked as much today as it takes; ask again tomorrow",
            retry_after_s=_until_tomorrow_s(now),
        )


def _until_tomorrow_s(now: datetime) -> int:
    tomorrow = datetime.combine(now.date() + timedelta(days=1), time(), tzinfo=UTC)
    return int((tomorrow - now).total_seconds()) + 1
