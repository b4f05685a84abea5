"""Places for answers: bounded, fair, and refused early."""

import asyncio
import time
import uuid
from collections import Counter

import pytest

from serving.conversations.streams.admission import Admission, AdmissionLimits, BusyError, DrainingError
from serving.errors import ApiError, TooManyRequestsError

A, B = uuid.uuid4(), uuid.uuid4()


def admission(
    *, running: int = 2, each: int = 2, waiting: int = 10, wait_s: float = 1.0, mean_s: float = 0.0
) -> Admission:
    made = Admission(AdmissionLimits(running, each, waiting, wait_s))
    made._mean_s = mean_s
    return made


class TestEnter:
    async def test_a_free_place_is_taken_and_given_back(self) -> None:
        places = admission()
        async with places.place(A):
            assert places.running == 1
        assert (places.running, places.waiting, places._shares) == (0, 0, {})

    async def test_who_waits_gets_the_place_that_becomes_free(self) -> None:
        places = admission(running=1)
        await places.enter(A)
        waiting = asyncio.create_task(places.enter(B))
        await asyncio.sleep(0)
        assert places.waiting == 1
        places.leave(A)
        await waiting
        assert (places.running, places.waiting) == (1, 0)

    async def test_a_place_that_comes_as_the_wait_ends_is_not_lost(self) -> None:
        places = admission(running=1, wait_s=0.05)
        await places.enter(A)
        waiting = asyncio.create_task(places.enter(B))
        await asyncio.sleep(0)
        # Both are due in the same turn of the loop, the place first.
        asyncio.get_running_loop().call_later(0.04, places.leave, A)
        time.sleep(0.1)  # noqa: ASYNC251 - the loop lags, as under a storm
        await waiting
        assert (places.running, places.waiting) == (1, 0)
        places.leave(B)
        assert (places.running, places._shares) == (0, {})

    async def test_a_place_goes_to_the_organization_with_the_fewest(self) -> None:
        places = admission(running=4, each=4)
        for _ in range(4):
            await places.enter(A)
        order: list[uuid.UUID] = []

        async def come(who: uuid.UUID) -> None:
            await places.enter(who)
            order.append(who)

        tasks = [asyncio.create_task(come(who)) for who in (A, A, B, B)]
        await asyncio.sleep(0)
        for _ in range(4):
            places.leave(A)
            await asyncio.sleep(0)
        await asyncio.gather(*tasks)
        assert order[:2] == [B, B]
        assert Counter(order) == {A: 2, B: 2}

    async def test_a_long_wait_is_refused_at_once(self) -> None:
        places = admission(running=1, mean_s=60)
        await places.enter(A)
        before = time.perf_counter()
        with pytest.raises(BusyError) as refused:
            await places.enter(B)
        assert time.perf_counter() - before < 0.1
        assert int(refused.value.headers["Retry-After"]) >= 1
        with pytest.raises(BusyError):
            places.check()

    async def test_a_wait_ends(self) -> None:
        places = admission(running=1, wait_s=0.05)
        await places.enter(A)
        with pytest.raises(BusyError):
            await places.enter(B)
        assert places.waiting == 0

    async def test_an_organization_has_its_own_limit(self) -> None:
        places = admission(running=10, each=1, waiting=0)
        await places.enter(A)
        with pytest.raises(TooManyRequestsError):
            await places.enter(A)
        await places.enter(B)

    async def test_one_that_leaves_while_waiting_takes_no_place_along(self) -> None:
        places = admission(running=1)
        await places.enter(A)
        waiting = asyncio.create_task(places.enter(B))
        await asyncio.sleep(0)
        places.leave(A)  # the place is handed to B, who is cancelled before it runs again
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        assert (places.running, places.waiting) == (0, 0)

    async def test_drained_nobody_comes_in(self) -> None:
        places = admission(running=1)
        await places.enter(A)
        waiting = asyncio.create_task(places.enter(B))
        await asyncio.sleep(0)
        places.drain()
        with pytest.raises(DrainingError):
            await waiting
        with pytest.raises(DrainingError):
            await places.enter(A)

    async def test_those_on_their_way_count_until_they_are_there(self) -> None:
        places = Admission(AdmissionLimits(5, 5, 5, 1.0, arriving=2))
        with places.arrival(), places.arrival():
            assert places.arriving == 2
            with pytest.raises(BusyError), places.arrival():
                pass
            await places.enter(A)
            places.arrived()
            places.arrived()
            assert places.arriving == 1
            with places.arrival():
                assert places.arriving == 2
        assert places.arriving == 0

    async def test_few_are_stored_at_once_and_who_waits_for_a_place_holds_up_nobody(self) -> None:
        places = Admission(AdmissionLimits(1, 1, 5, 60.0, arriving=10, opening=1))
        told: list[str] = []

        async def ask(name: str, *, lingers: bool = False) -> None:
            with places.arrival():
                await places.turn()
                told.append(f"{name} begins")
                async with places.place(A):
                    if lingers:
                        await asyncio.sleep(0.05)
                    places.arrived()
                    told.append(f"{name} is stored")
                    await asyncio.sleep(0.2)

        first = asyncio.create_task(ask("first", lingers=True))
        second = asyncio.create_task(ask("second"))
        third = asyncio.create_task(ask("third"))
        await asyncio.sleep(0.03)
        assert told == ["first begins"]
        await asyncio.sleep(0.1)
        # The second has had its turn and waits for the place; the third does not wait for the second.
        assert told == ["first begins", "first is stored", "second begins", "third begins"]
        await asyncio.gather(first, second, third)
        assert told[-2:] == ["second is stored", "third is stored"]
        assert (places.arriving, places.running) == (0, 0)
        await asyncio.wait_for(ask("last"), 1)

    async def test_one_that_gives_up_while_it_waits_for_its_turn_takes_none(self) -> None:
        places = Admission(AdmissionLimits(5, 5, 5, 1.0, arriving=10, opening=1))

        async def ask() -> None:
            with places.arrival():
                await places.turn()

        with places.arrival():
            await places.turn()
            waiting = asyncio.create_task(ask())
            await asyncio.sleep(0)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
        await asyncio.wait_for(ask(), 1)
        assert places.arriving == 0

    async def test_one_that_fails_on_its_way_is_not_counted_for_ever(self) -> None:
        places = admission()
        with pytest.raises(ValueError, match="no body"), places.arrival():
            raise ValueError("no body")
        assert places.arriving == 0

    async def test_under_a_storm_the_bound_holds_and_nothing_leaks(self) -> None:
        places = admission(running=5, each=4, waiting=20, wait_s=0.2)
        highest = 0
        outcomes: Counter[str] = Counter()

        async def one(number: int) -> None:
            nonlocal highest
            try:
                async with places.place((A, B)[number % 2]):
                    highest = max(highest, places.running)
                    await asyncio.sleep(0.001 * (number % 7))
                    outcomes["in"] += 1
            except ApiError:
                outcomes["out"] += 1

        tasks = [asyncio.create_task(one(number)) for number in range(500)]
        for number, task in enumerate(tasks):
            if number % 11 == 0:
                asyncio.get_running_loop().call_later(0.001 * number % 0.05, task.cancel)
        await asyncio.gather(*tasks, return_exceptions=True)
        assert highest == 5
        assert outcomes["in"] >= 5
        assert (places.running, places.waiting, places._shares) == (0, 0, {})
