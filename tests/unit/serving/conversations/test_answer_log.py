"""The events of an answer: numbered, joined, read from anywhere."""

import asyncio
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.conversations.events import AnswerDelta, AnswerEvent, AnswerReset, AnswerStarted
from serving.conversations.streams.log import AnswerLog

STARTED = AnswerStarted(uuid.uuid4(), uuid.uuid4(), uuid.uuid4())


def text_of(events: list[tuple[int, AnswerEvent]]) -> str:
    return "".join(event.text for _, event in events if isinstance(event, AnswerDelta))


class TestSince:
    def test_text_between_other_events_comes_in_one_piece_with_the_number_of_its_last(self) -> None:
        log = AnswerLog()
        for event in (STARTED, AnswerDelta("a"), AnswerDelta("b"), AnswerReset("again"), AnswerDelta("c")):
            log.append(event)
        assert log.since(0) == [
            (1, STARTED), (3, AnswerDelta("ab")), (4, AnswerReset("again")), (5, AnswerDelta("c")),
        ]  # fmt: skip
        assert log.since(2) == [(3, AnswerDelta("b")), (4, AnswerReset("again")), (5, AnswerDelta("c"))]
        assert log.since(5) == []

    @given(st.lists(st.text(max_size=5), max_size=300), st.data())
    def test_whatever_a_reader_has_seen_the_rest_completes_it(self, pieces: list[str], data: st.DataObject) -> None:
        log = AnswerLog()
        seen, at = "", 0
        for piece in pieces:
            log.append(AnswerDelta(piece))
            if data.draw(st.booleans()):
                found = log.since(at)
                seen, at = seen + text_of(found), found[-1][0] if found else at
        found = log.since(at)
        assert seen + text_of(found) == "".join(pieces)
        assert log.characters == len("".join(pieces))

    def test_a_number_beyond_the_end_has_nothing_after_it(self) -> None:
        log = AnswerLog()
        log.append(AnswerDelta("a"))
        assert log.since(7) == []


class TestWait:
    async def test_readers_are_woken_by_an_event_by_the_end_and_by_a_call(self) -> None:
        log = AnswerLog()
        first, second = (asyncio.create_task(log.wait(0)) for _ in range(2))
        await asyncio.sleep(0)
        log.append(AnswerDelta("a"))
        await asyncio.wait_for(asyncio.gather(first, second), 1)
        for act in (log.wake, log.close):
            waiting = asyncio.create_task(log.wait(1))
            await asyncio.sleep(0)
            assert not waiting.done()
            act()
            await asyncio.wait_for(waiting, 1)

    @pytest.mark.parametrize("count", [1, 64, 65, 1000])
    async def test_nothing_is_left_waiting(self, count: int) -> None:
        log = AnswerLog()
        waiting = [asyncio.create_task(log.wait(0)) for _ in range(count)]
        await asyncio.sleep(0)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        assert not log._waiting
