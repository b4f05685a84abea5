"""The one interface of everything that answers: the extractive provider here, models behind vLLM or hosted APIs later.

A provider turns a request into a stream of typed events. It holds no database connection, and it sees only what the
request carries: passages that already went through the read gate.
"""

import enum
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Protocol


class FinishReason(enum.StrEnum):
    """Why an answer ended."""

    STOP = "stop"
    LENGTH = "length"
    REFUSED = "refused"


@dataclass(frozen=True)
class Turn:
    """One earlier turn of the conversation."""

    role: str
    content: str


@dataclass(frozen=True)
class Evidence:
    """A passage that may be cited, by its number (from 1)."""

    number: int
    chunk_id: uuid.UUID
    document_name: str
    text: str
    heading_path: tuple[str, ...]
    score: float


@dataclass(frozen=True)
class GenerationRequest:
    """Everything that an answer may depend on."""

    question: str
    evidence: tuple[Evidence, ...]
    model: str
    system_prompt: str = ""
    history: tuple[Turn, ...] = ()
    language: str | None = None
    parameters: dict[str, float | int] = field(default_factory=dict)


@dataclass(frozen=True)
class TextDelta:
    """More of the answer's text."""

    text: str


@dataclass(frozen=True)
class Citation:
    """The text just sent rests on this evidence; `quote` is a verbatim part of it."""

    number: int
    quote: str


@dataclass(frozen=True)
class Completed:
    """The end of an answer: always the last event of a stream that did not raise."""

    finish_reason: FinishReason
    prompt_tokens: int
    completion_tokens: int
    cost_usd: Decimal
    decisions: dict[str, object] = field(default_factory=dict)

    @property
    def is_refused(self) -> bool:
        """Whether the provider said that it does not know."""
        return self.finish_reason is FinishReason.REFUSED


Event = TextDelta | Citation | Completed


class ProviderError(Exception):
    """A provider could not answer; the message is fit for people. `retryable` says whether another try may help."""

    def __init__(self, message: str, *, retryable: bool) -> None:
        super().__init__(message)
        self.retryable = retryable


class Provider(Protocol):
    """Answers requests."""

    @property
    def name(self) -> str:
        """Name in settings and receipts, for example `extractive`."""
        ...

    @property
    def prompt_template(self) -> str:
        """Name of the prompt template that requests are rendered with."""
        ...

    def render_prompt(self, request: GenerationRequest) -> str:
        """The prompt as the model sees it; its hash goes into the receipt."""
        ...

    def stream(self, request: GenerationRequest) -> AsyncIterator[Event]:
        """Answer, event by event; `Completed` comes last.

        Raises:
            ProviderError: The provider failed; what was sent so far stands, nothing is spliced.
        """
        ...
