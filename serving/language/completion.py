"""One whole text from a model, for the parts of understanding that need one."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import cast

import structlog

from serving.inference.prompts.rendering import RenderedPrompt
from serving.inference.provider import (
    Completed,
    Event,
    FinishReason,
    GenerationRequest,
    JsonSchema,
    Provider,
    TextDelta,
)

_MOST_TIMES = 4
_MOST_BESIDE = 1_000

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class LanguageModel:
    """A provider and the model to ask there."""

    provider: Provider
    model: str


async def complete(
    model: LanguageModel, prompt: RenderedPrompt, *, question: str, schema: JsonSchema | None = None
) -> str | None:
    """Ask for a text and wait for its end, or until it is far longer than what it is about could call for.

    Args:
        model: Whom to ask.
        prompt: What it reads.
        question: The text that the prompt is about.
        schema: What the text must look like, if it is JSON.

    Returns:
        The text; None when it was cut, refused or filtered, or longer than four times what the model read and 1,000 characters.

    Raises:
        ProviderError: The provider failed.
    """
    request = GenerationRequest(
        question=question,
        evidence=(),
        model=model.model,
        messages=prompt.messages,
        prompt_template=prompt.template,
        parameters={"temperature": 0},
        response_schema=schema,
    )
    # A model that never stops, or lies about what it does, must not fill the memory, nor keep whoever reads it busy.
    room = _MOST_TIMES * sum(len(message.content) for message in prompt.messages) + _MOST_BESIDE
    parts: list[str] = []
    # Closed at once when it is left early, and not when somebody collects it.
    async with aclosing(cast("AsyncGenerator[Event, None]", model.provider.stream(request))) as events:
        async for event in events:
            if isinstance(event, TextDelta):
                parts.append(event.text)
                room -= len(event.text)
                if room < 0:
                    log.warning("completion_too_long", prompt=prompt.template)
                    return None
            elif isinstance(event, Completed) and event.finish_reason is not FinishReason.STOP:
                return None
    return "".join(parts).strip() or None
