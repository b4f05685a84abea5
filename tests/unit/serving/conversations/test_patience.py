"""Ends of answers are written down, in turn and again."""

import asyncio

import pytest
from sqlalchemy.exc import OperationalError

from serving.conversations.streams import patience
from serving.conversations.streams.patience import Closing


def away() -> OperationalError:
    return OperationalError("x", {}, Exception("server closed the connection"))


async def test_a_database_that_comes_back_is_waited_for() -> None:
    tries = 0

    async def transaction() -> None:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise away()

    await Closing().run(transaction)
    assert tries == 3


async def test_one_that_stays_away_is_given_up() -> None:
    async def transaction() -> None:
        raise away()

    with pytest.raises(OperationalError):
        await Closing(keep_trying_s=0.3).run(transaction)


async def test_another_error_is_not_tried_again() -> None:
    tries = 0

    async def transaction() -> None:
        nonlocal tries
        tries += 1
        raise ValueError("wrong")

    with pytest.raises(ValueError, match="wrong"):
        await Closing().run(transaction)
    assert tries == 1


async def test_only_a_few_at_once() -> None:
    running = highest = 0

    async def transaction() -> None:
        nonlocal running, highest
        running += 1
        highest = max(highest, running)
        await asyncio.sleep(0.001)
        running -= 1

    closing = Closing(at_once=3)
    await asyncio.gather(*(closing.run(transaction) for _ in range(50)))
    assert highest == 3


async def test_what_has_begun_is_finished_though_its_caller_is_cancelled() -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def transaction() -> str:
        begun.set()
        await go_on.wait()
        return "written"

    caller = asyncio.create_task(Closing().finish(transaction))
    await begun.wait()
    caller.cancel()
    await asyncio.sleep(0)
    go_on.set()
    assert await caller == "written"


async def test_but_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "FINISH_S", 0.1)
    begun, was_cancelled = asyncio.Event(), asyncio.Event()

    async def transaction() -> None:
        begun.set()
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            was_cancelled.set()
            raise

    caller = asyncio.create_task(Closing().finish(transaction))
    await begun.wait()
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    await asyncio.wait_for(was_cancelled.wait(), 1)


async def test_nor_is_it_disturbed_by_a_second_cancellation() -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def work() -> str:
        begun.set()
        await go_on.wait()
        return "written"

    caller = asyncio.create_task(Closing().finish(work))
    await begun.wait()
    for _ in range(3):
        caller.cancel()
        await asyncio.sleep(0)
    go_on.set()
    assert await caller == "written"
    assert caller.cancelling() == 0
