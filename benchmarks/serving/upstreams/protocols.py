"""What the three protocols put on the wire, and nothing of ours: JSON as their documentation shows it."""

import json
from collections.abc import Sequence
from typing import Any, Protocol

from benchmarks.serving.upstreams.faults import STATUSES, Behaviour, Fault

PROMPT_TOKENS = 100
CACHED_TOKENS = 40
ARGUMENTS = '{"order": "A-17"}'
LEAK = "sk-leaked-by-the-provider"  # providers repeat a part of the key in their errors; no error of ours may


class Wire(Protocol):
    """One protocol. `path` is a part of the address that is asked, `models_path` of the list of models."""

    path: str
    models_path: str

    def opening(self, behaviour: Behaviour) -> list[bytes]:
        """Events before the first word."""
        ...

    def word(self, text: str) -> bytes:
        """One piece of the answer."""
        ...

    def ending(self, behaviour: Behaviour) -> list[bytes]:
        """Events after the last word."""
        ...

    def error(self, fault: Fault) -> dict[str, Any]:
        """The body of an error."""
        ...

    def error_event(self) -> bytes:
        """An error in the middle of a stream."""
        ...

    def models(self, names: Sequence[str]) -> dict[str, Any]:
        """The list of models."""
        ...


def _data(value: object, *, event: str | None = None) -> bytes:
    head = f"event: {event}\n" if event else ""
    return f"{head}data: {json.dumps(value, ensure_ascii=False)}\n\n".encode()


class OpenAIWire:
    """Chat completions, as OpenAI, vLLM and Ollama speak them."""

    path = "/chat/completions"
    models_path = "/models"
    _ERRORS = {  # noqa: RUF012 - read only
        Fault.RATE_LIMITED: ("requests", "rate_limit_exceeded", "Rate limit reached"),
        Fault.BAD_KEY: ("invalid_request_error", "invalid_api_key", f"Incorrect API key provided: {LEAK}"),
        Fault.OUT_OF_CREDIT: ("insufficient_quota", "insufficient_quota", "You exceeded your current quota"),
        Fault.UNKNOWN_MODEL: ("invalid_request_error", "model_not_found", "The model does not exist"),
        Fault.TOO_LONG: (
            "invalid_request_error",
            "context_length_exceeded",
            "This model's maximum context length is 8",
        ),
        Fault.INVALID: ("invalid_request_error", None, "temperature must be at most 2"),
    }

    def opening(self, behaviour: Behaviour) -> list[bytes]:
        """The role, as every chat completion begins."""
        return [self._chunk({"role": "assistant", "content": ""})]

    def word(self, text: str) -> bytes:
        """A chunk with content."""
        return self._chunk({"content": text})

    def ending(self, behaviour: Behaviour) -> list[bytes]:
        """A tool's call in pieces, the reason, the usage and the mark."""
        events = []
        if behaviour.tool:
            head = {
                "index": 0,
                "id": "call_1",
                "type": "function",
                "function": {"name": behaviour.tool, "arguments": ""},
            }
            events.append(self._chunk({"tool_calls": [head]}))
            for piece in (ARGUMENTS[:5], ARGUMENTS[5:]):
                events.append(self._chunk({"tool_calls": [{"index": 0, "function": {"arguments": piece}}]}))
        events.append(self._chunk({}, "tool_calls" if behaviour.tool else "stop"))
        if behaviour.has_usage:
            details = {"cached_tokens": CACHED_TOKENS}
            usage = {"prompt_tokens": PROMPT_TOKENS, "completion_tokens": 3, "prompt_tokens_details": details}
            events.append(_data({"id": "c", "model": "fake-1", "choices": [], "usage": usage}))
        return [*events, b"data: [DONE]\n\n"]

    def error(self, fault: Fault) -> dict[str, Any]:
        """OpenAI's error object."""
        kind, code, message = self._ERRORS.get(fault, ("server_error", None, f"Something went wrong with {LEAK}"))
        return {"error": {"message": message, "type": kind, "param": None, "code": code}}

    def error_event(self) -> bytes:
        """An error object in place of a chunk."""
        return _data(self.error(Fault.BROKEN))

    def models(self, names: Sequence[str]) -> dict[str, Any]:
        """A list of models."""
        return {"object": "list", "data": [{"id": n, "object": "model", "created": 0, "owned_by": "x"} for n in names]}

    def _chunk(self, delta: dict[str, Any], finish: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}
        return _data(
            {"id": "c", "object": "chat.completion.chunk", "created": 0, "model": "fake-1", "choices": [choice]}
        )


class AnthropicWire:
    """Messages of Anthropic."""

    path = "/v1/messages"
    models_path = "/v1/models"
    _ERRORS = {  # noqa: RUF012 - read only
        Fault.RATE_LIMITED: ("rate_limit_error", "Number of requests has exceeded your rate limit"),
        Fault.OVERLOADED: ("overloaded_error", "Overloaded"),
        Fault.BAD_KEY: ("authentication_error", f"invalid x-api-key {LEAK}"),
        Fault.FORBIDDEN: ("permission_error", "not allowed"),
        Fault.OUT_OF_CREDIT: ("billing_error", "Your credit balance is too low"),
        Fault.UNKNOWN_MODEL: ("not_found_error", "model: fake-1"),
        Fault.TOO_LONG: ("invalid_request_error", "prompt is too long: 9 tokens > 8 maximum"),
        Fault.INVALID: ("invalid_request_error", "temperature: range: 0..1"),
    }

    def opening(self, behaviour: Behaviour) -> list[bytes]:
        """The message and its first block."""
        read = CACHED_TOKENS if behaviour.has_usage else 0
        usage: dict[str, Any] = {"input_tokens": PROMPT_TOKENS - read, "cache_read_input_tokens": read}
        message = {"id": "msg_1", "model": "fake-1", "role": "assistant", "content": []}
        events = [
            _data({"type": "message_start", "message": {**message, "usage": usage if behaviour.has_usage else None}}, event="message_start"),
            _data({"type": "ping"}, event="ping"),
        ]  # fmt: skip
        block = {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
        return [*events, _data(block, event="content_block_start")]

    def word(self, text: str) -> bytes:
        """A delta of text."""
        delta = {"type": "text_delta", "text": text}
        return _data({"type": "content_block_delta", "index": 0, "delta": delta}, event="content_block_delta")

    def ending(self, behaviour: Behaviour) -> list[bytes]:
        """The block's end, a tool's call in pieces, the reason and the message's end."""
        events: list[dict[str, Any]] = [{"type": "content_block_stop", "index": 0}]
        if behaviour.tool:
            block = {"type": "tool_use", "id": "call_1", "name": behaviour.tool, "input": {}}
            events.append({"type": "content_block_start", "index": 1, "content_block": block})
            for piece in (ARGUMENTS[:5], ARGUMENTS[5:]):
                delta = {"type": "input_json_delta", "partial_json": piece}
                events.append({"type": "content_block_delta", "index": 1, "delta": delta})
            events.append({"type": "content_block_stop", "index": 1})
        end: dict[str, Any] = {
            "type": "message_delta",
            "delta": {"stop_reason": "tool_use" if behaviour.tool else "end_turn"},
        }
        if behaviour.has_usage:
            end["usage"] = {"output_tokens": 3}
        events += [end, {"type": "message_stop"}]
        return [_data(event, event=event["type"]) for event in events]

    def error(self, fault: Fault) -> dict[str, Any]:
        """Anthropic's error object."""
        kind, message = self._ERRORS.get(fault, ("api_error", f"Internal server error {LEAK}"))
        return {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_1"}

    def error_event(self) -> bytes:
        """An event of an error."""
        return _data(self.error(Fault.OVERLOADED), event="error")

    def models(self, names: Sequence[str]) -> dict[str, Any]:
        """A list of models."""
        shown = [{"id": n, "type": "model", "display_name": n, "created_at": "2026-01-01T00:00:00Z"} for n in names]
        return {"data": shown, "has_more": False, "first_id": None, "last_id": None}


class GeminiWire:
    """`streamGenerateContent` of Google."""

    path = ":streamGenerateContent"
    models_path = "/models"
    _ERRORS = {  # noqa: RUF012 - read only
        Fault.RATE_LIMITED: ("RESOURCE_EXHAUSTED", "Too many requests"),
        Fault.UNAVAILABLE: ("UNAVAILABLE", "The model is overloaded"),
        Fault.BAD_KEY: ("UNAUTHENTICATED", f"invalid credentials {LEAK}"),
        Fault.FORBIDDEN: ("PERMISSION_DENIED", "not allowed"),
        Fault.OUT_OF_CREDIT: ("FAILED_PRECONDITION", "billing is not enabled"),
        Fault.UNKNOWN_MODEL: ("NOT_FOUND", "models/fake-1 is not found"),
        Fault.TOO_LONG: (
            "INVALID_ARGUMENT",
            "The input token count (9) exceeds the maximum number of tokens allowed (8)",
        ),
        Fault.INVALID: ("INVALID_ARGUMENT", "temperature must be in the range [0.0, 2.0]"),
    }

    def opening(self, behaviour: Behaviour) -> list[bytes]:
        """Nothing comes before the first word."""
        return []

    def word(self, text: str) -> bytes:
        """A chunk with one part."""
        return self._chunk([{"text": text}])

    def ending(self, behaviour: Behaviour) -> list[bytes]:
        """The last chunk: a tool's call if there is one, the reason, the usage."""
        parts: list[dict[str, Any]] = [{"text": ""}]
        if behaviour.tool:
            parts = [{"functionCall": {"id": "call_1", "name": behaviour.tool, "args": json.loads(ARGUMENTS)}}]
        usage = {
            "promptTokenCount": PROMPT_TOKENS,
            "candidatesTokenCount": 3,
            "cachedContentTokenCount": CACHED_TOKENS,
            "totalTokenCount": PROMPT_TOKENS + 3,
        }
        return [self._chunk(parts, finish="STOP", usage=usage if behaviour.has_usage else None)]

    def error(self, fault: Fault) -> dict[str, Any]:
        """Google's error object."""
        status, message = self._ERRORS.get(fault, ("INTERNAL", f"An internal error has occurred {LEAK}"))
        return {"error": {"code": STATUSES.get(fault, 500), "message": message, "status": status}}

    def error_event(self) -> bytes:
        """An error object in place of a chunk."""
        return _data(self.error(Fault.UNAVAILABLE))

    def models(self, names: Sequence[str]) -> dict[str, Any]:
        """A list of models."""
        return {"models": [{"name": f"models/{name}", "displayName": name} for name in names]}

    def _chunk(
        self, parts: list[dict[str, Any]], *, finish: str | None = None, usage: dict[str, Any] | None = None
    ) -> bytes:
        candidate: dict[str, Any] = {"content": {"parts": parts, "role": "model"}, "index": 0}
        if finish is not None:
            candidate["finishReason"] = finish
        chunk: dict[str, Any] = {"candidates": [candidate], "modelVersion": "fake-1", "responseId": "r"}
        return _data({**chunk, "usageMetadata": usage} if usage is not None else chunk)
