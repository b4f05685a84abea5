"""What happens while a question is answered, as typed events."""

import enum
import uuid
from dataclasses import dataclass

from serving.conversations.schemas import AnswerOut, CitationOut
from storage.postgres.models.message import MessageState


@dataclass(frozen=True, slots=True)
class AnswerStarted:
    """The question is stored; its answer will have this id."""

    conversation_id: uuid.UUID
    question_id: uuid.UUID
    message_id: uuid.UUID


@dataclass(frozen=True, slots=True)
class AnswerReset:
    """What was sent before no longer counts: the answer begins again. Text of two generations is never joined."""

    reason: str


@dataclass(frozen=True, slots=True)
class AnswerDelta:
    """More text."""

    text: str


@dataclass(frozen=True, slots=True)
class AnswerToolCall:
    """The model asks for a tool, which whoever asked may call. `arguments` is JSON text; `index` counts from 0."""

    index: int
    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class AnswerFailed:
    """The end of an answer that did not come to its end.

    Attributes:
        slug: Type of the problem.
        title: What kind of thing went wrong.
        status: The HTTP status it would have had before the first byte.
        detail: What went wrong, for people.
        resume_url: Where the answer can be had after all; None when trying again is all there is.
        retry_after_s: When to try.
    """

    slug: str
    title: str
    status: int
    detail: str
    resume_url: str | None = None
    retry_after_s: int | None = None


class Ending(enum.StrEnum):
    """Why an answer ended before its end."""

    DISCONNECTED = "interrupted"
    """Nobody read it any more."""
    RESTARTED = "handed-over"
    """The process ended."""
    STOPPED = "stopped"
    """Somebody asked for it."""
    TOO_LONG = "too-long"

    @property
    def state(self) -> MessageState:
        """The message's state: what is interrupted can be resumed, what was cancelled is over."""
        return MessageState.INTERRUPTED if self in (Ending.DISCONNECTED, Ending.RESTARTED) else MessageState.CANCELLED


AnswerEvent = AnswerStarted | AnswerReset | AnswerDelta | AnswerToolCall | CitationOut | AnswerOut | AnswerFailed


def stream_url(message_id: uuid.UUID) -> str:
    """Where the stream of an answer is read again, from any event on."""
    return f"/api/v1/messages/{message_id}/stream"
