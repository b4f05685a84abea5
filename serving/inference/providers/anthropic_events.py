"""The events of Anthropic's messages -> ours."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from serving.inference.errors import ProviderError, ProviderErrorKind
from serving.inference.provider import (
    Completed,
    FinishReason,
    GenerationRequest,
    TextDelta,
    TokenUsage,
    ToolCall,
)
from serving.inference.providers.failures import kind_of, told
from serving.inference.providers.openai_chunks import is_json_object
from serving.inference.providers.reading import PROGRESS, Told
from serving.inference.providers.tokens import estimated_usage

_FINISH = {
    "end_turn": FinishReason.STOP,
    "stop_sequence": FinishReason.STOP,
    "pause_turn": FinishReason.STOP,
    "max_tokens": FinishReason.LENGTH,
    "model_context_window_exceeded": FinishReason.LENGTH,
    "tool_use": FinishReason.TOOL_CALLS,
    "refusal": FinishReason.CONTENT_FILTER,
}


class _Usage(msgspec.Struct):
    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    cache_creation_input_tokens: int | None = None


class _Message(msgspec.Struct):
    model: str = ""
    usage: _Usage | None = None


class _Block(msgspec.Struct):
    type: str = ""
    id: str = ""
    name: str = ""
    text: str = ""


class _Delta(msgspec.Struct):
    text: str | None = None
    thinking: str | None = None
    partial_json: str | None = None
    stop_reason: str | None = None


class _Error(msgspec.Struct):
    type: str = ""
    message: str = ""


class _Event(msgspec.Struct):
    type: str
    index: int = 0
    message: _Message | None = None
    content_block: _Block | None = None
    delta: _Delta | None = None
    usage: _Usage | None = None
    error: _Error | None = None


_decode = msgspec.json.Decoder(_Event).decode


@dataclass
class _PartialCall:
    id: str
    name: str
    arguments: str = ""


class AnthropicReader:
    """Reads the stream of one message.

    Args:
        provider: Its name, for people.
        request: What was asked.
    """

    def __init__(self, provider: str, request: GenerationRequest) -> None:
        self.has_begun = False
        self.has_ended = False
        self._provider = provider
        self._request = request
        self._request_id: str | None = None
        self._model = ""
        self._finish: FinishReason | None = None
        self._prompt: _Usage | None = None
        self._completion_tokens: int | None = None
        self._answer_bytes = 0
        self._calls: dict[int, _PartialCall] = {}

    def start(self, headers: Mapping[str, str]) -> None:
        """Keep the id of the call."""
        self._request_id = headers.get("request-id")

    def read(self, payload: bytes) -> Sequence[Told]:
        """What one event tells."""
        try:
            event = _decode(payload)
        except msgspec.DecodeError:
            raise told(self._provider, ProviderErrorKind.INVALID_RESPONSE) from None
        if event.type == "content_block_delta" and event.delta is not None:
            return self._content(event.index, event.delta)
        if event.type == "error" or event.error is not None:
            raise error_of(self._provider, event.error)
        if event.type == "content_block_start" and event.content_block is not None:
            return self._block(event.index, event.content_block)
        if event.type == "content_block_stop":
            return self._call(self._calls.pop(event.index, None))
        if event.type == "message_start" and event.message is not None:
            self._model, self._prompt = event.message.model, event.message.usage
        elif event.type == "message_delta":
            self._end(event)
        elif event.type == "message_stop":
            self.has_ended = True
        return ()

    def refusal(self, body: bytes) -> ProviderError:
        """What a body that is no stream means: an error in JSON, or garbage."""
        try:
            return error_of(self._provider, _decode(body).error)
        except msgspec.DecodeError:
            return told(self._provider, ProviderErrorKind.INVALID_RESPONSE)

    def completed(self) -> Completed:
        """The last event."""
        if self._finish is None:
            raise told(self._provider, ProviderErrorKind.CUT)
        return Completed(self._finish, self._counted(), self._model or self._request.model, self._request_id)

    def _content(self, index: int, delta: _Delta) -> Sequence[Told]:
        if delta.text:
            self.has_begun = True
            self._answer_bytes += len(delta.text)
            return (TextDelta(delta.text),)
        if delta.partial_json and index in self._calls:
            self._calls[index].arguments += delta.partial_json
        self._answer_bytes += len(delta.partial_json or delta.thinking or "")
        return (PROGRESS,)

    def _block(self, index: int, block: _Block) -> Sequence[Told]:
        if block.type == "tool_use":
            self._calls[index] = _PartialCall(block.id, block.name)
        elif block.type == "text" and block.text:
            self.has_begun = True
            self._answer_bytes += len(block.text)
            return (TextDelta(block.text),)
        return (PROGRESS,)

    def _call(self, call: _PartialCall | None) -> Sequence[Told]:
        if call is None:
            return ()
        arguments = call.arguments or "{}"
        if not is_json_object(arguments):
            # Cut off by the limit of tokens, as the end of the message will say; a half call is never told.
            return ()
        self.has_begun = True
        return (ToolCall(call.id, call.name, arguments),)

    def _end(self, event: _Event) -> None:
        if event.usage is not None and event.usage.output_tokens is not None:
            self._completion_tokens = event.usage.output_tokens
        if event.delta is not None and event.delta.stop_reason:
            self._finish = _FINISH.get(event.delta.stop_reason, FinishReason.STOP)

    def _counted(self) -> TokenUsage:
        prompt = self._prompt
        if prompt is None or prompt.input_tokens is None or self._completion_tokens is None:
            return estimated_usage(self._request, self._answer_bytes)
        read, written = prompt.cache_read_input_tokens or 0, prompt.cache_creation_input_tokens or 0
        return TokenUsage(prompt.input_tokens + read + written, self._completion_tokens, read)


def error_of(provider: str, error: object, *, status: int | None = None, wait_s: float | None = None) -> ProviderError:
    """The error that Anthropic's error object tells of.

    Args:
        provider: Its name, for people.
        error: The object, read or as JSON.
        status: HTTP status of the response, where it was no 200.
        wait_s: How long it asked to wait.
    """
    if isinstance(error, dict):
        inner = error.get("error", error)
        error = msgspec.convert(inner, _Error) if isinstance(inner, dict) and _is_error(inner) else None
    if not isinstance(error, _Error):
        error = _Error()
    return told(provider, kind_of(status, (error.type,), error.message), retry_after_s=wait_s)


def _is_error(value: Mapping[str, object]) -> bool:
    return all(isinstance(value.get(name, ""), str) for name in ("type", "message"))


def as_json(arguments: str) -> object:
    """The arguments of a call as an object, which Anthropic wants where OpenAI wants text."""
    return json.loads(arguments) if arguments else {}
