"""One short text from the bot's own model, for what a conversation remembers."""

import structlog

from serving.context import ServingContext
from serving.conversations.side_calls import bot_model
from serving.conversations.turns import OpenTurn
from serving.inference.errors import ProviderError
from serving.inference.prompts.rendering import RenderedPrompt
from serving.inference.provider import JsonSchema
from serving.language.completion import LanguageModel, complete

log = structlog.get_logger(__name__)


async def ask_model(
    context: ServingContext, turn: OpenTurn, prompt: RenderedPrompt, *, schema: JsonSchema | None = None
) -> str | None:
    """A text from the bot's model; None when it has none, or nothing usable came.

    Args:
        context: The process's context.
        turn: The turn that it is for: its bot's models are asked, and its asker's budgets are charged.
        prompt: What the model reads.
        schema: What the text must look like, if it is JSON.
    """
    provider = bot_model(context, turn)
    if provider is None:
        return None
    model = LanguageModel(provider, turn.config.model)
    try:
        return await complete(model, prompt, question=turn.question, schema=schema)
    except ProviderError as error:
        log.warning("memory_model_failed", message_id=str(turn.message_id), error=error.kind.value)
        return None
