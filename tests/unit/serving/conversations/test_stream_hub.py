"""Answers as tasks: read by several, ended when nobody reads, handed over when the process stops."""

import asyncio
import time
import uuid
from collections.abc import AsyncGenerator

import pytest

from serving.conversations.events import AnswerDelta, AnswerEvent, AnswerFailed, Ending
from serving.conversations.streams.admission import AdmissionLimits
from serving.conversations.streams.hub import RunningAnswer, StreamHub
from serving.errors import UnavailableError

ORGANIZATION = uuid.uuid4()
LIMITS = AdmissionLimits(running=10, running_per_organization=10, waiting_per_organization=10, wait_s=1.0)


class Source:
    """Events on demand; remembers how it was ended."""

    def __init__(self, *, count: int = 10_000, every_s: float = 0.005, fails_after: int | None = None) -> None:
        self.count, self.every_s, self.fails_after = count, every_s, fails_after
        self.ended_as: Ending | None = None
        self.ended_at: float | None = None

    async def __call__(self, answer: RunningAnswer) -> AsyncGenerator[AnswerEvent, None]:
        try:
            for number in range(self.count):
                if number == self.fails_after:
                    raise UnavailableError("upstream is away")
                yield AnswerDelta(f"{number} ")
                await asyncio.sleep(self.every_s)
        finally:
            self.ended_as, self.ended_at = answer.ending, time.monotonic()


async def start(hub: StreamHub, source: Source) -> RunningAnswer:
    await hub.admission.enter(ORGANIZATION)
    return hub.start(ORGANIZATION, uuid.uuid4(), 0, source, entered_at=time.monotonic())


def last(answer: RunningAnswer) -> AnswerEvent:
    return answer.log.since(answer.log.last - 1)[-1][1]


class TestReaders:
    async def test_when_the_last_reader_leaves_the_answer_ends_within_two_seconds(self) -> None:
        hub, source = StreamHub(LIMITS, grace_s=0.1), Source()
        answer = await start(hub, source)
        hub.join(answer)
        await asyncio.sleep(0.05)
        left = time.monotonic()
        hub.part(answer)
        await asyncio.wait_for(answer.log.closed(), 2)
        assert source.ended_as is Ending.DISCONNECTED
        assert source.ended_at is not None
        assert source.ended_at - left < 2
        assert hub.admission.running == 0
        assert answer.is_resumable

    async def test_one_who_comes_back_at_once_reads_on(self) -> None:
        hub, source = StreamHub(LIMITS, grace_s=0.1), Source(count=60)
        answer = await start(hub, source)
        hub.join(answer)
        await asyncio.sleep(0.02)
        hub.part(answer)
        await asyncio.sleep(0.02)
        hub.join(answer)
        await asyncio.wait_for(answer.log.closed(), 5)
        text = "".join(event.text for _, event in answer.log.since(0) if isinstance(event, AnswerDelta))
        assert text == "".join(f"{number} " for number in range(60))

    async def test_two_readers_one_leaves(self) -> None:
        hub, source = StreamHub(LIMITS, grace_s=0.02), Source(count=20)
        answer = await start(hub, source)
        hub.join(answer)
        hub.join(answer)
        hub.part(answer)
        await asyncio.wait_for(answer.log.closed(), 5)
        assert answer.log.characters == len("".join(f"{number} " for number in range(20)))


class TestEnds:
    async def test_an_error_is_the_last_event_and_sends_nobody_to_a_stream_that_is_over(self) -> None:
        hub = StreamHub(LIMITS)
        answer = await start(hub, Source(fails_after=3))
        await asyncio.wait_for(answer.log.closed(), 2)
        told = last(answer)
        assert isinstance(told, AnswerFailed)
        assert (told.status, told.detail) == (503, "upstream is away")
        assert told.resume_url is None
        assert hub.admission.running == 0

    async def test_stopped_as_asked_is_not_resumable(self) -> None:
        hub, source = StreamHub(LIMITS), Source()
        answer = await start(hub, source)
        await asyncio.sleep(0.02)
        hub.stop(answer, Ending.STOPPED)
        await asyncio.wait_for(answer.log.closed(), 2)
        assert source.ended_as is Ending.STOPPED
        assert not answer.is_resumable

    async def test_an_answer_is_stopped_by_its_id_and_what_runs_elsewhere_is_left_alone(self) -> None:
        hub, source = StreamHub(LIMITS), Source()
        answer = await start(hub, source)
        await asyncio.sleep(0.02)
        hub.stop_as_asked(uuid.uuid4())
        assert not answer.is_ending
        hub.stop_as_asked(answer.message_id)
        await asyncio.wait_for(answer.log.closed(), 2)
        assert answer.ending is Ending.STOPPED
        hub.stop_as_asked(answer.message_id)
        assert len([one for _, one in answer.log.since(0) if isinstance(one, AnswerFailed)]) == 1

    async def test_a_second_stop_does_not_disturb_the_first(self) -> None:
        hub = StreamHub(LIMITS)
        stored: list[Ending] = []

        async def events(answer: RunningAnswer) -> AsyncGenerator[AnswerEvent, None]:
            try:
                while True:
                    yield AnswerDelta("x")
                    await asyncio.sleep(0.005)
            finally:
                await asyncio.sleep(0.1)  # what is stored at the end takes its time
                stored.append(answer.ending)

        await hub.admission.enter(ORGANIZATION)
        answer = hub.start(ORGANIZATION, uuid.uuid4(), 0, events, entered_at=time.monotonic())
        await asyncio.sleep(0.02)
        hub.stop(answer, Ending.STOPPED)
        await asyncio.sleep(0.02)
        hub.stop(answer, Ending.RESTARTED)
        await asyncio.wait_for(answer.log.closed(), 2)
        assert stored == [Ending.STOPPED]

    async def test_an_endless_answer_ends(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("serving.conversations.streams.hub.MAX_CHARACTERS", 100)
        hub, source = StreamHub(LIMITS), Source(every_s=0)
        answer = await start(hub, source)
        await asyncio.wait_for(answer.log.closed(), 2)
        assert source.ended_as is Ending.TOO_LONG
        assert answer.log.characters < 120


class TestDrain:
    async def test_short_answers_finish_and_long_ones_are_handed_over(self) -> None:
        hub = StreamHub(LIMITS)
        short, long = Source(count=5), Source()
        finishing, handed = await start(hub, short), await start(hub, long)
        began = time.monotonic()
        await hub.drain(0.3)
        assert time.monotonic() - began < 2
        assert short.ended_as is Ending.DISCONNECTED  # its own end: nothing asked it to stop
        assert finishing.log.characters == len("0 1 2 3 4 ")
        assert long.ended_as is Ending.RESTARTED
        told = last(handed)
        assert isinstance(told, AnswerFailed)
        assert told.resume_url == f"/api/v1/messages/{handed.message_id}/stream"
        assert hub.running == []


class TestKeeping:
    async def test_old_answers_are_forgotten(self) -> None:
        hub = StreamHub(LIMITS, keep_s=0.0)
        answer = await start(hub, Source(count=1))
        await answer.log.closed()
        assert hub.find(answer.message_id) is answer
        hub._looked_at = 0.0
        await asyncio.sleep(0.01)
        other = await start(hub, Source(count=1))
        assert hub.find(answer.message_id) is None
        await other.log.closed()
