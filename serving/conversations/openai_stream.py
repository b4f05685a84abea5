"""Answer events as OpenAI's chat completion chunks."""

import time
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from serving.conversations.events import AnswerDelta, AnswerEvent, AnswerFailed, AnswerStarted, AnswerToolCall
from serving.conversations.openai_schemas import ChatCompletionCreate, JsonObject
from serving.conversations.openai_tools import written_call
from serving.conversations.schemas import AnswerOut, ToolCallOut
from serving.inference.provider import FinishReason

_MARK = "\u241etext\u241e"


def usage(result: AnswerOut) -> JsonObject:
    """Tokens, as OpenAI names them."""
    return {
        "prompt_tokens": result.prompt_tokens,
        "completion_tokens": result.completion_tokens,
        "total_tokens": result.prompt_tokens + result.completion_tokens,
    }


def proof(result: AnswerOut) -> JsonObject:
    """What this API says beside OpenAI's fields: where the answer comes from."""
    return {
        "receipt_url": result.receipt_url,
        "is_refused": result.is_refused,
        "citations": [citation.model_dump(mode="json") for citation in result.citations],
        "related": [citation.model_dump(mode="json") for citation in result.related],
    }


def finish_reason(result: AnswerOut) -> str:
    """Why the answer ended, as OpenAI names it: a bot that does not know has said so."""
    return "stop" if result.finish_reason is FinishReason.REFUSED else result.finish_reason.value


def encoder(body: ChatCompletionCreate, completion_id: str) -> Callable[[Iterable[tuple[int, AnswerEvent]]], bytes]:
    """Encodes the events of one answer as chunks of one completion, ended by `[DONE]`; an error ends it without."""
    common = {
        "id": completion_id,
        "object": "chat.completion.chunk",
        "created": int(time.time()),
        "model": body.model,
    }
    with_usage = body.stream_options is not None and body.stream_options.include_usage

    def chunk(choices: list[JsonObject], **more: Any) -> bytes:
        return _data({**common, "choices": choices, **more})

    # Nearly all chunks differ in their text only.
    before, after = chunk(_choice({"content": _MARK})).split(msgspec.json.encode(_MARK))

    def encode_one(event: AnswerEvent) -> bytes:
        if isinstance(event, AnswerDelta):
            return before + msgspec.json.encode(event.text) + after
        if isinstance(event, AnswerStarted):
            return chunk(_choice({"role": "assistant", "content": ""}))
        if isinstance(event, AnswerToolCall):
            call = ToolCallOut(id=event.id, name=event.name, arguments=event.arguments)
            return chunk(_choice({"tool_calls": [{"index": event.index, **written_call(call)}]}))
        if isinstance(event, AnswerOut):
            end = chunk(_choice({}, finish_reason(event)), pixel=proof(event))
            return end + (chunk([], usage=usage(event)) if with_usage else b"") + b"data: [DONE]\n\n"
        if isinstance(event, AnswerFailed):
            kind = "server_error" if event.status >= 500 else "invalid_request_error"
            return _data({"error": {"message": event.detail, "type": kind, "code": event.slug, "param": None}})
        return b""

    return lambda events: b"".join(encode_one(event) for _, event in events)


def _choice(delta: JsonObject, finish: str | None = None) -> list[JsonObject]:
    return [{"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}]


def _data(value: JsonObject) -> bytes:
    return b"data: " + msgspec.json.encode(value) + b"\n\n"
