"""Lets a bot's model choose tools before it has seen a word of any document.

A document can ask for a tool as plausibly as a person can, and no check of a call's name or arguments tells the two apart. So
the model that may call tools reads the question, the conversation and what tools have said; the one that reads passages may call
none. What the first one writes beside calls is read by nobody.
"""

import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, cast

from serving.billing.errors import BudgetExceededError
from serving.context import ServingContext
from serving.conversations.errors import AnswererFailedError
from serving.conversations.side_calls import BotModel, SideCall
from serving.conversations.turns import OpenTurn
from serving.inference.errors import ProviderError
from serving.inference.grounding.grounded import Grounding
from serving.inference.provider import (
    Completed,
    Event,
    FinishReason,
    GenerationRequest,
    TextDelta,
    ToolCall,
    ToolMode,
)
from serving.inference.routing.route import Routed

# A model that has written as much is answering: it calls nothing, and nobody waits for the rest.
_MOST_CHARACTERS_BESIDE = 1_000


@dataclass(frozen=True)
class Chosen:
    """What a model has chosen.

    Attributes:
        request: What it read.
        calls: The calls that it asks for; none when it needs none.
        charged: What the choice cost.
        routed: Who chose.
        completed: How that ended; None when it was not waited for.
        deadline: `time.monotonic()` by which the whole answer must be there, the choice included.
    """

    request: GenerationRequest
    calls: tuple[ToolCall, ...]
    charged: tuple[SideCall, ...]
    routed: Routed | None
    completed: Completed | None
    deadline: float

    async def events(self) -> AsyncIterator[Event]:
        """The calls, as a provider tells them."""
        for call in self.calls:
            yield call
        if self.completed is not None:
            yield self.completed


async def choose_tools(context: ServingContext, turn: OpenTurn, request: GenerationRequest) -> Chosen:
    """Which tools the bot's model asks for. Its answer is charged when this returns.

    Args:
        context: The process's context.
        turn: The turn, along whose route the request is sent.
        request: What the model reads, without a passage.

    Raises:
        BudgetExceededError: A budget leaves no room for it; nothing was called.
        AnswererFailedError: No model answered, or it called nothing though it had to.
    """
    deadline = time.monotonic() + turn.route.total_s
    model = BotModel(context, turn, turn.route, most_tokens=None, most_s=turn.route.total_s)
    grounding = Grounding(request, must_cite=False)
    calls: list[ToolCall] = []
    completed: Completed | None = None
    beside = 0
    try:
        async with aclosing(cast("Any", model.stream(request))) as events:
            async for event in events:
                for passed in grounding.take(event):
                    if isinstance(passed, ToolCall):
                        calls.append(passed)
                    elif isinstance(passed, Completed):
                        completed = passed
                    elif isinstance(passed, TextDelta):
                        beside += len(passed.text)
                if beside > _MOST_CHARACTERS_BESIDE and not calls and request.tool_choice.mode is ToolMode.AUTO:
                    break
    except ProviderError as error:
        if isinstance(error.__cause__, BudgetExceededError):
            raise error.__cause__.told_in(request.language) from error
        raise AnswererFailedError(str(error)) from error
    if not calls and request.tool_choice.mode is ToolMode.REQUIRED:
        raise AnswererFailedError(_nothing_called(completed))
    return Chosen(request, tuple(calls), tuple(model.calls), model.routed, completed, deadline)


def _nothing_called(completed: Completed | None) -> str:
    if completed is not None and completed.finish_reason is FinishReason.LENGTH:
        return "The call of a tool was cut off by the limit of tokens; ask with a larger max_tokens"
    return 'The model called no tool, though tool_choice asks for one; ask again, or with tool_choice "auto"'
