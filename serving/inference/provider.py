"""The one interface of everything that answers: the extractive provider, vLLM and the hosted models.

A provider turns a request into a stream of typed events. It holds no database connection, and it sees only what the
request carries: passages that already went through the read gate. Models read `messages`, the prompt as it was rendered;
the extractive provider reads `question` and `evidence`.
"""

import enum
import uuid
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


class FinishReason(enum.StrEnum):
    """Why an answer ended."""

    STOP = "stop"
    LENGTH = "length"
    TOOL_CALLS = "tool_calls"
    CONTENT_FILTER = "content_filter"
    REFUSED = "refused"


class Role(enum.StrEnum):
    """Who speaks in a prompt."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"
    TOOL = "tool"


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
class ToolCall:
    """The model asks for a tool. `arguments` is JSON text, whole: a call is only told when it is complete."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True)
class Turn:
    """One earlier turn of the conversation, with the tools that were asked for in it or the call that it answers."""

    role: str
    content: str
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None


@dataclass(frozen=True)
class Message:
    """One message of a prompt. A `TOOL` message carries the id of the call that it answers."""

    role: Role
    content: str
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None


@dataclass(frozen=True)
class Tool:
    """A function that the model may ask for; `parameters` is a JSON schema of an object, kept to exactly if `is_strict`."""

    name: str
    description: str
    parameters: Mapping[str, Any]
    is_strict: bool = False


class ToolMode(enum.StrEnum):
    """Whether tools are called."""

    AUTO = "auto"
    NONE = "none"
    REQUIRED = "required"


@dataclass(frozen=True)
class ToolChoice:
    """Which of the tools are called, as whoever asks decides. With a `name`, that one must be."""

    mode: ToolMode = ToolMode.AUTO
    name: str | None = None


@dataclass(frozen=True)
class JsonSchema:
    """The answer must be JSON of this schema."""

    name: str
    schema: Mapping[str, Any]


@dataclass(frozen=True)
class GenerationRequest:
    """Everything that an answer may depend on.

    Attributes:
        question: What the user asks, by itself.
        evidence: Passages that may be cited.
        model: Name of the model as its provider knows it.
        messages: The rendered prompt.
        prompt_template: Name and version of the template it was rendered with.
        history: Earlier turns, oldest first.
        language: ISO 639-1 code of the asker's language, when it is known.
        searched_language: That of `question`, when it was translated for the search; None when it is the asker's.
        parameters: Sampling parameters, validated for the model: temperature, top_p, max_tokens, seed, stop …
        tools: Functions the model may ask for.
        tool_choice: Whether it may or must.
        has_parallel_calls: Whether it may ask for several at once; None leaves it to the provider.
        response_schema: What the answer must look like, when it is not free text.
        cache_salt: Keeps an organization's prefixes apart in a server's prefix cache.
        deadline: `time.monotonic()` by which the whole answer must be there; None waits as long as the provider's
            own limits say.
    """

    question: str
    evidence: tuple[Evidence, ...]
    model: str
    messages: tuple[Message, ...] = ()
    prompt_template: str = ""
    system_prompt: str = ""
    history: tuple[Turn, ...] = ()
    language: str | None = None
    searched_language: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    tools: tuple[Tool, ...] = ()
    tool_choice: ToolChoice = ToolChoice()
    has_parallel_calls: bool | None = None
    response_schema: JsonSchema | None = None
    cache_salt: str | None = None
    deadline: float | None = None

    @property
    def callable_tools(self) -> frozenset[str]:
        """Names of the tools that a call may be of."""
        if self.tool_choice.mode is ToolMode.NONE:
            return frozenset()
        return frozenset(tool.name for tool in self.tools if self.tool_choice.name in (None, tool.name))


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
class TokenUsage:
    """Tokens of one call, as the provider counted them; `is_estimated` when it did not say and we counted."""

    prompt_tokens: int
    completion_tokens: int
    cached_prompt_tokens: int = 0
    is_estimated: bool = False


@dataclass(frozen=True)
class Completed:
    """The end of an answer: always the last event of a stream that did not raise.

    Attributes:
        finish_reason: Why it ended.
        usage: What it consumed.
        model: The model as the provider named it in its response; a dated name where an alias was asked for.
        request_id: The provider's own id of the call, to ask its support about.
        decisions: What was decided on the way, for the receipt.
    """

    finish_reason: FinishReason
    usage: TokenUsage
    model: str = ""
    request_id: str | None = None
    decisions: Mapping[str, object] = field(default_factory=dict)

    @property
    def is_refused(self) -> bool:
        """Whether the provider said that it does not know."""
        return self.finish_reason is FinishReason.REFUSED


Event = TextDelta | ToolCall | Citation | Completed


class Provider(Protocol):
    """Answers requests."""

    @property
    def name(self) -> str:
        """Name in settings and receipts, for example `extractive` or `vllm`."""
        ...

    def stream(self, request: GenerationRequest) -> AsyncIterator[Event]:
        """Answer, event by event; `Completed` comes last. Closing the iterator ends the call at the provider.

        Raises:
            ProviderError: The provider failed; what was sent so far stands, nothing is spliced.
        """
        ...
