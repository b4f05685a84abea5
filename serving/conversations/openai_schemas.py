"""Shapes of the OpenAI-compatible routes. Unknown parameters are accepted and ignored, as OpenAI's own clients expect."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from serving.conversations.openai_dialogue import ChatMessage, Dialogue
from serving.conversations.openai_tools import MOST_TOOLS, Choice, FunctionTool, as_choice, check_offer
from serving.conversations.tools.errors import ToolDialogueError
from serving.conversations.tools.toolbox import Toolbox
from serving.inference.connections.errors import ParametersError
from serving.inference.parameters import general_problems

_PARAMETERS = ("temperature", "top_p", "seed", "stop", "presence_penalty", "frequency_penalty")


class StreamOptions(BaseModel):
    """Options of a stream."""

    model_config = ConfigDict(extra="ignore")

    include_usage: bool = False


class ChatCompletionCreate(BaseModel):
    """A request: `model` is the slug of a bot."""

    model_config = ConfigDict(extra="ignore")

    model: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    messages: Annotated[list[ChatMessage], Field(min_length=1, max_length=500)]
    stream: bool = False
    stream_options: StreamOptions | None = None
    n: Literal[1] | None = None
    temperature: Any = None
    top_p: Any = None
    max_tokens: Any = None
    max_completion_tokens: Any = None
    seed: Any = None
    stop: Any = None
    presence_penalty: Any = None
    frequency_penalty: Any = None
    tools: list[FunctionTool] | None = Field(default=None, max_length=MOST_TOOLS)
    tool_choice: Choice | None = None
    parallel_tool_calls: bool | None = None
    functions: Any = None
    function_call: Any = None

    def toolbox(self, dialogue: Dialogue) -> Toolbox | None:
        """The tools that are offered and those that were called for the question; None when there is neither.

        Args:
            dialogue: The request's messages.

        Raises:
            ToolDialogueError: The tools that are offered do not do.
        """
        if self.functions is not None or self.function_call is not None:
            raise ToolDialogueError(
                "functions and function_call are the old form of tools; send `tools` and `tool_choice`",
                field="functions",
            )
        offered = self.tools or []
        check_offer(offered, self.tool_choice)
        found = Toolbox(
            tuple(tool.as_tool() for tool in offered),
            as_choice(self.tool_choice),
            self.parallel_tool_calls,
            dialogue.said,
        )
        return found if found.may_call or found.said else None

    def parameters(self) -> dict[str, Any]:
        """The sampling parameters that were asked for; a model that does not know one of them goes without it.

        Raises:
            ParametersError: No model takes one of the values.
        """
        longest = self.max_completion_tokens if self.max_completion_tokens is not None else self.max_tokens
        named = {"max_tokens": longest, **{name: getattr(self, name) for name in _PARAMETERS}}
        found = {name: value for name, value in named.items() if value is not None}
        if problems := general_problems(found):
            raise ParametersError(problems)
        return found


JsonObject = dict[str, Any]
