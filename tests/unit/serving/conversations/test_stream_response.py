"""One reader of a stream: heartbeats, the end for one who does not read, and for one who goes."""

import asyncio
import time
import uuid

import pytest
from starlette.types import Message

from serving.conversations.events import AnswerDelta
from serving.conversations.sse import encoder
from serving.conversations.streams.admission import AdmissionLimits
from serving.conversations.streams.hub import RunningAnswer, StreamHub
from serving.conversations.streams.response import AnswerStreamResponse
from tests.unit.serving.conversations.test_stream_hub import ORGANIZATION, Source

LIMITS = AdmissionLimits(running=10, running_per_organization=10, waiting_per_organization=10, wait_s=1.0)


class Reader:
    """An ASGI client: keeps what it is sent, may stop taking anything, may go."""

    def __init__(self, *, takes: int = 1_000_000) -> None:
        self.body = b""
        self.is_ended = False
        self.takes = takes
        self.gone = asyncio.Event()

    async def receive(self) -> Message:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        if message["type"] != "http.response.body":
            return
        self.takes -= 1
        if self.takes < 0:
            await asyncio.sleep(3600)
        self.body += message["body"]
        self.is_ended = not message["more_body"]


async def started(hub: StreamHub, source: Source) -> RunningAnswer:
    await hub.admission.enter(ORGANIZATION)
    return hub.start(ORGANIZATION, uuid.uuid4(), 0, source, entered_at=time.monotonic())


async def serve(hub: StreamHub, answer: RunningAnswer, reader: Reader, **settings: float) -> None:
    response = AnswerStreamResponse(hub, answer, encoder(0), **settings)  # type: ignore[arg-type]
    await response({"type": "http"}, reader.receive, reader.send)


class TestReader:
    async def test_everything_arrives_and_the_response_ends(self) -> None:
        hub, reader = StreamHub(LIMITS), Reader()
        answer = await started(hub, Source(count=5))
        await asyncio.wait_for(serve(hub, answer, reader), 5)
        assert reader.is_ended
        for number in range(5):
            assert f'"text":"{number} "'.encode() in reader.body or f"{number} ".encode() in reader.body
        assert answer.readers == 0

    async def test_a_quiet_stream_says_that_it_is_still_there(self) -> None:
        hub, reader = StreamHub(LIMITS), Reader()
        answer = await started(hub, Source(count=2, every_s=0.6))
        await asyncio.wait_for(serve(hub, answer, reader, heartbeat_s=0.1), 5)
        assert 3 <= reader.body.count(b": still here") <= 14
        assert reader.is_ended

    async def test_a_lively_stream_needs_no_heartbeat(self) -> None:
        hub, reader = StreamHub(LIMITS), Reader()
        answer = await started(hub, Source(count=40, every_s=0.02))
        await asyncio.wait_for(serve(hub, answer, reader, heartbeat_s=0.4), 5)
        assert b": still here" not in reader.body

    async def test_one_who_takes_nothing_is_let_go_and_the_answer_ends(self) -> None:
        hub, reader, source = StreamHub(LIMITS, grace_s=0.05), Reader(takes=2), Source()
        answer = await started(hub, source)
        await asyncio.wait_for(serve(hub, answer, reader, slow_reader_s=0.2), 5)
        await asyncio.wait_for(answer.log.closed(), 2)
        assert source.ended_at is not None
        assert hub.admission.running == 0

    async def test_one_who_goes_ends_it(self) -> None:
        hub, reader = StreamHub(LIMITS, grace_s=0.05), Reader()
        answer = await started(hub, Source())
        asyncio.get_running_loop().call_later(0.1, reader.gone.set)
        await asyncio.wait_for(serve(hub, answer, reader), 5)
        await asyncio.wait_for(answer.log.closed(), 2)

    async def test_one_who_comes_later_gets_the_rest_only(self) -> None:
        hub, reader = StreamHub(LIMITS), Reader()
        answer = await started(hub, Source(count=10, every_s=0))
        await answer.log.closed()
        response = AnswerStreamResponse(hub, answer, encoder(0), after=7)
        await response({"type": "http"}, reader.receive, reader.send)
        said = "".join(event.text for _, event in answer.log.since(7) if isinstance(event, AnswerDelta))
        assert said.encode() in reader.body
        assert b'"text":"0 ' not in reader.body


@pytest.mark.parametrize("many", [300])
async def test_many_who_leave_at_any_moment_leave_nothing_behind(many: int) -> None:
    hub = StreamHub(AdmissionLimits(1000, 1000, 10, 1.0), grace_s=0.01)
    before = len(asyncio.all_tasks())

    async def one(number: int) -> None:
        reader = Reader(takes=number % 13 if number % 3 else 1_000_000)
        answer = await started(hub, Source(count=50, every_s=0.001 * (number % 4)))
        asyncio.get_running_loop().call_later(0.0007 * number % 0.1, reader.gone.set)
        await serve(hub, answer, reader, slow_reader_s=0.05)
        await answer.log.closed()

    await asyncio.wait_for(asyncio.gather(*(one(number) for number in range(many))), 30)
    await asyncio.sleep(0.05)
    assert len(asyncio.all_tasks()) == before
    assert (hub.admission.running, hub.running) == (0, [])
