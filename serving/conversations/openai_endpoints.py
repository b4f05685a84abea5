"""The OpenAI-compatible routes: a bot is a model.

Citations, the receipt and the refusal come in a field `pixel` beside the standard ones, which OpenAI's clients keep.
"""

import json
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any

from fastapi import APIRouter
from fastapi.responses import StreamingResponse
from fastapi.sse import format_sse_event

from serving.bots import service as bots
from serving.bots.errors import ChatbotNotFoundError
from serving.conversations import service
from serving.conversations.answering import AnswerDelta, AnswerEvent, AnswerStarted, answer
from serving.conversations.errors import ModelNotFoundError
from serving.conversations.openai_schemas import ChatCompletionCreate, JsonObject
from serving.conversations.schemas import MAX_QUESTION_CHARACTERS, AnswerOut
from serving.conversations.sse import HEADERS
from serving.dependencies import BotReader, Context, Converser, Database
from serving.errors import BadRequestError, as_api_error
from serving.inference.provider import Turn
from storage.postgres.models.conversation import Channel

router = APIRouter(prefix="/v1", tags=["openai"])


@router.get("/models")
async def list_models(actor: BotReader, session: Database) -> JsonObject:
    """The bots of the organization as models."""
    return {"object": "list", "data": [_model(bot) for bot in await bots.list_chatbots(session)]}


@router.get("/models/{model}")
async def read_model(actor: BotReader, model: str, session: Database) -> JsonObject:
    """One bot as a model."""
    try:
        return _model(await bots.get_chatbot(session, model))
    except ChatbotNotFoundError as error:
        raise ModelNotFoundError(f"No model named {model!r}; GET /v1/models lists them") from error


def _model(bot: Any) -> JsonObject:
    return {"id": bot.slug, "object": "model", "created": int(bot.created_at.timestamp()), "owned_by": "organization"}


@router.post("/chat/completions", response_model=None)
async def create_chat_completion(
    actor: Converser, body: ChatCompletionCreate, context: Context
) -> JsonObject | StreamingResponse:
    """Answer the last user message; earlier turns are the history."""
    question = body.question()
    if question is None:
        raise BadRequestError(
            f"The last message must be a user's, with 1 to {MAX_QUESTION_CHARACTERS} characters of text"
        )
    parameters = body.parameters()
    try:
        conversation_id = await service.open_conversation(context, actor, chatbot=body.model, channel=Channel.OPENAI)
    except ChatbotNotFoundError as error:
        raise ModelNotFoundError(f"No model named {body.model!r}; GET /v1/models lists them") from error
    history = tuple(Turn(m.role, m.as_text()) for m in body.messages[:-1])
    if not body.stream:
        result = await service.finish(context, actor, conversation_id, question, history=history, parameters=parameters)
        return _completion(body, result)
    events = answer(context, actor, conversation_id, question, history=history, parameters=parameters)
    started = await anext(events)
    assert isinstance(started, AnswerStarted)  # noqa: S101 - the stream's contract
    return StreamingResponse(
        _stream(body, f"chatcmpl-{started.message_id}", events), media_type="text/event-stream", headers=HEADERS
    )


def _usage(result: AnswerOut) -> JsonObject:
    return {
        "prompt_tokens": result.prompt_tokens,
        "completion_tokens": result.completion_tokens,
        "total_tokens": result.prompt_tokens + result.completion_tokens,
    }


def _proof(result: AnswerOut) -> JsonObject:
    return {
        "receipt_url": result.receipt_url,
        "is_refused": result.is_refused,
        "citations": [citation.model_dump(mode="json") for citation in result.citations],
        "related": [citation.model_dump(mode="json") for citation in result.related],
    }


def _completion(body: ChatCompletionCreate, result: AnswerOut) -> JsonObject:
    message = {"role": "assistant", "content": result.content, "refusal": None}
    return {
        "id": f"chatcmpl-{result.message_id}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": body.model,
        "choices": [{"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}],
        "usage": _usage(result),
        "pixel": _proof(result),
    }


async def _stream(
    body: ChatCompletionCreate, completion_id: str, events: AsyncGenerator[AnswerEvent, None]
) -> AsyncIterator[bytes]:
    def chunk(choices: list[JsonObject], **more: Any) -> bytes:
        return _data(
            {
                "id": completion_id,
                "object": "chat.completion.chunk",
                "created": created,
                "model": body.model,
                "choices": choices,
                **more,
            }
        )

    def choice(delta: JsonObject, finish_reason: str | None = None) -> list[JsonObject]:
        return [{"index": 0, "delta": delta, "finish_reason": finish_reason, "logprobs": None}]

    created = int(time.time())
    yield chunk(choice({"role": "assistant", "content": ""}))
    async with aclosing(events) as rest:
        try:
            async for event in rest:
                if isinstance(event, AnswerDelta):
                    yield chunk(choice({"content": event.text}))
                elif isinstance(event, AnswerOut):
                    yield chunk(choice({}, "stop"), pixel=_proof(event))
                    if body.stream_options and body.stream_options.include_usage:
                        yield chunk([], usage=_usage(event))
        except Exception as error:  # noqa: BLE001 - whatever it was, the reader is told in the stream
            told = as_api_error(error)
            yield _data({"error": {"message": told.detail, "type": "server_error", "code": told.slug, "param": None}})
            return
    yield format_sse_event(data_str="[DONE]")


def _data(value: JsonObject) -> bytes:
    return format_sse_event(data_str=json.dumps(value, ensure_ascii=False, separators=(",", ":")))
