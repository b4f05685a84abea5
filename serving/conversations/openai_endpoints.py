"""The OpenAI-compatible routes: a bot is a model.

Citations, the receipt and the refusal come in a field `pixel` beside the standard ones, which OpenAI's clients keep.
"""

import time
from typing import Any

from fastapi import APIRouter, Request

from serving.bots import service as bots
from serving.bots.errors import ChatbotNotFoundError
from serving.conversations import service
from serving.conversations.errors import ModelNotFoundError
from serving.conversations.openai_dialogue import dialogue_of
from serving.conversations.openai_schemas import ChatCompletionCreate, JsonObject
from serving.conversations.openai_stream import encoder, finish_reason, proof, usage
from serving.conversations.openai_tools import written_call
from serving.conversations.schemas import AnswerOut
from serving.conversations.streams.response import AnswerStreamResponse, until_done
from serving.dependencies import BotReader, Context, Converser, Database
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
    actor: Converser, body: ChatCompletionCreate, context: Context, request: Request
) -> JsonObject | AnswerStreamResponse:
    """Answer the last user message; earlier turns are the history, and calls of tools after it belong to it."""
    dialogue = dialogue_of(body.messages)
    tools = body.toolbox(dialogue)
    try:
        running = await service.begin_conversation(
            context,
            actor,
            dialogue.question,
            chatbot=body.model,
            channel=Channel.OPENAI,
            history=dialogue.history if tools is not None else dialogue.without_tools(),
            parameters=body.parameters(),
            tools=tools,
        )
    except ChatbotNotFoundError as error:
        raise ModelNotFoundError(f"No model named {body.model!r}; GET /v1/models lists them") from error
    if not body.stream:
        return _completion(body, await until_done(context, running, request))
    return AnswerStreamResponse(context.streams, running, encoder(body, f"chatcmpl-{running.message_id}"))


def _completion(body: ChatCompletionCreate, result: AnswerOut) -> JsonObject:
    message: JsonObject = {"role": "assistant", "content": result.content, "refusal": None}
    if result.tool_calls:
        message["content"] = result.content or None
        message["tool_calls"] = [written_call(call) for call in result.tool_calls]
    return {
        "id": f"chatcmpl-{result.message_id}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": body.model,
        "choices": [{"index": 0, "message": message, "finish_reason": finish_reason(result), "logprobs": None}],
        "usage": usage(result),
        "pixel": proof(result),
    }
