"""Every answer that runs in this process, each as a task of its own; readers come and go, the answer stays."""

import asyncio
import time
import uuid
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

import structlog

from serving.conversations.events import AnswerEvent, AnswerFailed, Ending, stream_url
from serving.conversations.schemas import AnswerOut
from serving.conversations.streams.admission import Admission, AdmissionLimits
from serving.conversations.streams.log import AnswerLog
from serving.conversations.streams.patience import Closing
from serving.conversations.streams.refusals import Refusals
from serving.errors import as_api_error
from storage.postgres.models.message import MessageState

KEEP_S = 600.0
# Within two seconds of the last reader's leaving nothing is asked of the model any more.
GRACE_S = 1.0
MAX_CHARACTERS = 400_000
_LOOK_EVERY_S = 5.0

log = structlog.get_logger(__name__)


class RunningAnswer:
    """One answer: its events so far, and who reads them."""

    def __init__(self, message_id: uuid.UUID, organization_id: uuid.UUID, generation: int) -> None:
        self.message_id = message_id
        self.organization_id = organization_id
        self.generation = generation
        self.log = AnswerLog()
        self.readers = 0
        self.ending = Ending.DISCONNECTED
        self.started_at = time.monotonic()
        self.ended_at: float | None = None
        self.error: Exception | None = None
        self.is_cut = False
        self.is_ending = False
        self.task: asyncio.Task[None] | None = None

    @property
    def is_done(self) -> bool:
        """Whether no event follows."""
        return self.log.is_closed

    @property
    def is_resumable(self) -> bool:
        """Whether it ended before its end, and may be begun again."""
        return self.is_done and self.error is None and self.is_cut and self.ending.state is MessageState.INTERRUPTED


class StreamHub:
    """Starts answers, keeps their events for readers who come back, ends them when nobody reads or the process stops."""

    def __init__(self, limits: AdmissionLimits, *, keep_s: float = KEEP_S, grace_s: float = GRACE_S) -> None:
        self.admission = Admission(limits)
        self.closing = Closing()
        self.refusals = Refusals()
        self._answers: dict[uuid.UUID, RunningAnswer] = {}
        self._keep_s = keep_s
        self._grace_s = grace_s
        self._is_draining = False
        self._looked_at = 0.0

    @property
    def running(self) -> list[RunningAnswer]:
        """Answers that have not ended."""
        return [answer for answer in self._answers.values() if not answer.is_done]

    def find(self, message_id: uuid.UUID) -> RunningAnswer | None:
        """An answer that runs here, or ended here not long ago."""
        return self._answers.get(message_id)

    def start(
        self,
        organization_id: uuid.UUID,
        message_id: uuid.UUID,
        generation: int,
        events: Callable[[RunningAnswer], AsyncGenerator[AnswerEvent, None]],
        *,
        entered_at: float,
    ) -> RunningAnswer:
        """Run an answer whose place was taken already; the place is given back when it has ended.

        Args:
            organization_id: Whose.
            message_id: The answer's message.
            generation: How often this message was begun before.
            events: Makes its events; told the answer, whose `ending` it reads when it is cancelled.
            entered_at: `time.monotonic()` at which the place was taken.
        """
        self._forget_old()
        answer = RunningAnswer(message_id, organization_id, generation)
        self._answers[message_id] = answer
        answer.task = asyncio.create_task(self._run(answer, events(answer), entered_at), name=f"answer-{message_id}")
        return answer

    async def _run(self, answer: RunningAnswer, events: AsyncGenerator[AnswerEvent, None], entered_at: float) -> None:
        try:
            async with aclosing(events) as produced:
                async for event in produced:
                    answer.log.append(event)
                    if answer.log.characters > MAX_CHARACTERS:
                        answer.ending = Ending.TOO_LONG
                        break
        except asyncio.CancelledError:
            pass  # the events' own end has stored what there is; the readers are told below
        except Exception as error:  # noqa: BLE001 - whatever it was, the readers are told
            answer.error = error
            answer.log.append(failure(error))
        finally:
            self.admission.leave(answer.organization_id, time.monotonic() - entered_at)
            self._end(answer)

    def _end(self, answer: RunningAnswer) -> None:
        latest = answer.log.since(answer.log.last - 1) if answer.log.last else []
        if not latest or not isinstance(latest[-1][1], AnswerOut | AnswerFailed):
            answer.is_cut = True
            answer.log.append(_ended(answer))
        answer.ended_at = time.monotonic()
        answer.log.close()

    def _forget_old(self) -> None:
        now = time.monotonic()
        if now - self._looked_at > _LOOK_EVERY_S:
            self._looked_at = now
            old = [
                key
                for key, one in self._answers.items()
                if one.ended_at is not None and now - one.ended_at > self._keep_s
            ]
            for key in old:
                self._answers.pop(key).error = None  # whose traceback holds the answer, and so its text

    def forget(self, organization_id: uuid.UUID | None) -> None:
        """Drop finished answers of an organization, or of all; whoever reads one again is told what is stored."""
        for key, one in list(self._answers.items()):
            is_finished = one.is_done and not one.is_cut and one.error is None
            if is_finished and organization_id in (None, one.organization_id):
                del self._answers[key]

    def join(self, answer: RunningAnswer) -> None:
        """A reader comes."""
        answer.readers += 1

    def part(self, answer: RunningAnswer) -> None:
        """A reader goes. When it was the last, the answer is ended unless one comes back at once."""
        answer.readers -= 1
        if not answer.readers and not answer.is_done:
            asyncio.get_running_loop().call_later(self._grace_s, self._end_unread, answer)

    def _end_unread(self, answer: RunningAnswer) -> None:
        if not answer.readers and not answer.is_done:
            self.stop(answer, Ending.DISCONNECTED)

    def stop(self, answer: RunningAnswer, ending: Ending) -> None:
        """End an answer now; what was said so far is kept. Said again while it ends, the first word counts."""
        if answer.task is not None and not answer.is_done and not answer.is_ending:
            answer.is_ending = True
            answer.ending = ending
            answer.task.cancel()

    def stop_as_asked(self, message_id: uuid.UUID) -> None:
        """End an answer because somebody wants no more of it; nothing happens where it does not run here."""
        answer = self.find(message_id)
        if answer is not None:
            self.stop(answer, Ending.STOPPED)

    async def drain(self, within_s: float) -> None:
        """Before the process ends: let nobody in, let answers finish for a while, hand over the rest to be resumed."""
        if self._is_draining:
            return
        self._is_draining = True
        self.admission.drain()
        tasks = [answer.task for answer in self.running if answer.task is not None]
        log.info("streams_draining", answers=len(tasks), within_s=within_s)
        if tasks:
            await asyncio.wait(tasks, timeout=within_s)
        await self.close()

    async def close(self) -> None:
        """End what still runs."""
        self.admission.drain()
        tasks = []
        for answer in self.running:
            if answer.task is not None:
                self.stop(answer, Ending.RESTARTED)
                tasks.append(answer.task)
        if tasks:
            log.info("streams_handed_over", answers=len(tasks))
            await asyncio.wait(tasks, timeout=5)


def failure(error: Exception) -> AnswerFailed:
    """What readers are told of an error. Nothing more is to be had of a failed answer, so nobody is sent to its stream."""
    told = as_api_error(error)
    wait = told.headers.get("Retry-After")
    return AnswerFailed(
        slug=told.slug, title=told.title, status=told.status, detail=told.detail,
        retry_after_s=int(wait) if wait else None,
    )  # fmt: skip


def _ended(answer: RunningAnswer) -> AnswerFailed:
    title, detail, resumable = {
        Ending.DISCONNECTED: ("Interrupted", "Nobody read the answer any more, so it was ended", True),
        Ending.RESTARTED: ("Interrupted", "The service restarts; read the stream again to have the answer", True),
        Ending.STOPPED: ("Stopped", "The answer was stopped as asked", False),
        Ending.TOO_LONG: ("Too long", f"The answer was ended after {MAX_CHARACTERS} characters", False),
    }[answer.ending]
    return AnswerFailed(
        slug="answer-" + answer.ending.value, title=title, status=503 if resumable else 200, detail=detail,
        resume_url=stream_url(answer.message_id) if resumable else None, retry_after_s=1 if resumable else None,
    )  # fmt: skip
