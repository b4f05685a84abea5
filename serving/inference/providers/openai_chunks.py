"""The chunks of OpenAI's chat completions -> events; typed structs, since a chunk comes for every token."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

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
from serving.inference.providers.reading import PROGRESS, Told
from serving.inference.providers.tokens import estimated_usage

_FINISH = {
    "stop": FinishReason.STOP,
    "length": FinishReason.LENGTH,
    "tool_calls": FinishReason.TOOL_CALLS,
    "function_call": FinishReason.TOOL_CALLS,
    "content_filter": FinishReason.CONTENT_FILTER,
}
# A server that gives up in the middle of an answer says so in place of a reason to finish.
_GIVEN_UP = ("abort", "error")


class _Function(msgspec.Struct):
    name: str | None = None
    arguments: str | None = None


class _ToolCallDelta(msgspec.Struct):
    index: int = 0
    id: str | None = None
    function: _Function | None = None


class _Delta(msgspec.Struct):
    content: str | None = None
    refusal: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    tool_calls: list[_ToolCallDelta] | None = None


class _Choice(msgspec.Struct):
    index: int = 0
    delta: _Delta | None = None
    finish_reason: str | None = None


class _PromptDetails(msgspec.Struct):
    cached_tokens: int | None = None


class _Usage(msgspec.Struct):
    prompt_tokens: int = 0
    completion_tokens: int | None = None
    prompt_tokens_details: _PromptDetails | None = None


class _Chunk(msgspec.Struct):
    model: str = ""
    choices: list[_Choice] = []
    usage: _Usage | None = None
    error: Any = None


_decode = msgspec.json.Decoder(_Chunk).decode


@dataclass
class _PartialCall:
    id: str = ""
    name: str = ""
    arguments: str = ""


class OpenAIReader:
    """Reads the stream of one chat completion.

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
        self._is_filtered = False
        self._usage: _Usage | None = None
        self._answer_bytes = 0
        self._calls: dict[int, _PartialCall] = {}

    def start(self, headers: Mapping[str, str]) -> None:
        """Keep the id of the call."""
        self._request_id = headers.get("x-request-id")

    def read(self, payload: bytes) -> Sequence[Told]:
        """What one chunk tells."""
        try:
            chunk = _decode(payload)
        except msgspec.DecodeError:
            if payload == b"[DONE]":
                self.has_ended = True
                return ()
            raise told(self._provider, ProviderErrorKind.INVALID_RESPONSE) from None
        if chunk.error is not None:
            raise error_of(self._provider, chunk.error)
        if chunk.usage is not None:
            self._usage = chunk.usage
        if not chunk.choices or chunk.choices[0].index:
            return ()
        self._model = chunk.model or self._model
        choice = chunk.choices[0]
        events = self._content(choice.delta) if choice.delta is not None else ()
        return (*events, *self._finished(choice.finish_reason)) if choice.finish_reason else events

    def refusal(self, body: bytes) -> ProviderError:
        """What a body that is no stream means: an error in JSON, or garbage."""
        try:
            error = json.loads(body)
        except ValueError:
            return told(self._provider, ProviderErrorKind.INVALID_RESPONSE)
        return error_of(self._provider, error.get("error", error) if isinstance(error, dict) else error)

    def completed(self) -> Completed:
        """The last event."""
        if self._finish is None:
            raise told(self._provider, ProviderErrorKind.CUT)
        finish = FinishReason.CONTENT_FILTER if self._is_filtered else self._finish
        return Completed(finish, self._counted(), self._model or self._request.model, self._request_id)

    def _content(self, delta: _Delta) -> Sequence[Told]:
        if delta.content:
            self.has_begun = True
            self._answer_bytes += len(delta.content)
            text = TextDelta(delta.content)
            return (text,) if delta.tool_calls is None else (text, *self._collect(delta.tool_calls))
        if delta.tool_calls:
            return self._collect(delta.tool_calls)
        if delta.refusal:
            self.has_begun = self._is_filtered = True
            self._answer_bytes += len(delta.refusal)
            return (TextDelta(delta.refusal),)
        thought = delta.reasoning_content or delta.reasoning
        self._answer_bytes += len(thought) if thought else 0
        return (PROGRESS,) if thought else ()

    def _collect(self, deltas: list[_ToolCallDelta]) -> Sequence[Told]:
        for delta in deltas:
            call = self._calls.setdefault(delta.index, _PartialCall())
            call.id = delta.id or call.id
            if delta.function is not None:
                call.name = delta.function.name or call.name
                call.arguments += delta.function.arguments or ""
                self._answer_bytes += len(delta.function.arguments or "")
        return (PROGRESS,)

    def _finished(self, reason: str) -> Sequence[Told]:
        if reason in _GIVEN_UP:
            raise told(self._provider, ProviderErrorKind.CUT)
        self._finish = _FINISH.get(reason, FinishReason.STOP)
        calls, self._calls = self._calls, {}
        if self._finish is FinishReason.LENGTH:  # a call that was cut off is no call
            return ()
        return tuple(self._call(index, call) for index, call in sorted(calls.items()))

    def _call(self, index: int, call: _PartialCall) -> ToolCall:
        arguments = call.arguments or "{}"
        if not call.name or not is_json_object(arguments):
            raise told(self._provider, ProviderErrorKind.INVALID_RESPONSE)
        self.has_begun = True
        return ToolCall(call.id or f"call_{index}", call.name, arguments)

    def _counted(self) -> TokenUsage:
        usage = self._usage
        if usage is None or usage.completion_tokens is None:
            return estimated_usage(self._request, self._answer_bytes)
        details = usage.prompt_tokens_details
        return TokenUsage(usage.prompt_tokens, usage.completion_tokens, (details.cached_tokens or 0) if details else 0)


def error_of(provider: str, error: Any, *, status: int | None = None, wait_s: float | None = None) -> ProviderError:
    """The error that an OpenAI error object, or whatever stands in its place, tells of.

    Args:
        provider: Its name, for people.
        error: The object.
        status: HTTP status of the response, where it was no 200.
        wait_s: How long it asked to wait.
    """
    if not isinstance(error, dict):
        kind = ProviderErrorKind.INVALID_RESPONSE if error is None else ProviderErrorKind.OVERLOADED
        return told(provider, kind if status is None else kind_of(status, (), str(error)), retry_after_s=wait_s)
    code = error.get("code")
    named = code if isinstance(code, int) and not isinstance(code, bool) and 400 <= code < 600 else None
    words = tuple(word for word in (code, error.get("type")) if isinstance(word, str))
    kind = kind_of(status or named, words, str(error.get("message", "")))
    return told(provider, kind, retry_after_s=wait_s)


def is_json_object(text: str) -> bool:
    """Whether a text is a whole JSON object."""
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False
