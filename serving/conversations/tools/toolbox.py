"""The tools that come with a question."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from serving.conversations.errors import AnswererFailedError
from serving.conversations.schemas import ToolCallOut
from serving.inference.provider import GenerationRequest, Message, Tool, ToolCall, ToolChoice, ToolMode

# More is no question of a person's any more; receipts keep every call.
MOST_CALLS = 64
MOST_CALL_CHARACTERS = 100_000


@dataclass(frozen=True)
class Toolbox:
    """Tools that are offered with a question, and what was called for it already.

    Attributes:
        offered: The tools.
        choice: Whether they may or must be called.
        has_parallel_calls: Whether several may be called at once; None leaves it to the provider.
        said: Calls that were made for this question, and their results, in order.
    """

    offered: tuple[Tool, ...] = ()
    choice: ToolChoice = field(default_factory=ToolChoice)
    has_parallel_calls: bool | None = None
    said: tuple[Message, ...] = ()

    @property
    def may_call(self) -> bool:
        """Whether a tool may be called now."""
        return bool(self.offered) and self.choice.mode is not ToolMode.NONE

    def offer(self, request: GenerationRequest) -> GenerationRequest:
        """A request in which the tools may be called."""
        return replace(
            request,
            tools=self.offered,
            tool_choice=self.choice,
            has_parallel_calls=self.has_parallel_calls,
        )

    def withhold(self, request: GenerationRequest) -> GenerationRequest:
        """A request in which no tool may be called. Providers want to know those whose calls and results they read."""
        known = {tool.name for tool in self.offered}
        called = {call.name for message in request.messages for call in message.tool_calls}
        if not called:
            return request
        forgotten = tuple(Tool(name, "", {"type": "object", "properties": {}}) for name in sorted(called - known))
        return replace(request, tools=self.offered + forgotten, tool_choice=ToolChoice(ToolMode.NONE))

    def as_json(self, called: Sequence[ToolCall]) -> dict[str, Any]:
        """As receipts keep it.

        Args:
            called: What the model asked for.
        """
        return {
            "offered": [tool.name for tool in self.offered],
            "choice": self.choice.name or self.choice.mode.value,
            "results": [message.tool_call_id for message in self.said if message.tool_call_id is not None],
            "called": [{"id": call.id, "name": call.name, "arguments": call.arguments} for call in called],
        }


def check_calls(calls: Sequence[ToolCall]) -> None:
    """Refuse what no receipt could keep.

    Raises:
        AnswererFailedError: There are too many calls, or they are too long.
    """
    characters = sum(len(call.id) + len(call.name) + len(call.arguments) for call in calls)
    if len(calls) > MOST_CALLS or characters > MOST_CALL_CHARACTERS:
        raise AnswererFailedError(
            f"The model asks for {len(calls)} calls of tools with {characters} characters; "
            f"at most {MOST_CALLS} calls with {MOST_CALL_CHARACTERS} are passed on"
        )


def called_of(decisions: Mapping[str, Any]) -> list[ToolCallOut]:
    """The calls that an answer asked for, as its receipt's decisions tell."""
    tools = decisions.get("tools")
    return [ToolCallOut(**call) for call in tools.get("called", [])] if isinstance(tools, dict) else []
