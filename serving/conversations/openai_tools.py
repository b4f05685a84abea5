"""Tools in OpenAI's protocol: what a request offers, what was called and what came of it."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from serving.conversations.schemas import ToolCallOut
from serving.conversations.tools.errors import ToolDialogueError
from serving.inference.provider import Tool, ToolCall, ToolChoice, ToolMode

MOST_TOOLS = 128
ToolName = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z0-9_-]{1,64}$")]
CallId = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]
_NO_PARAMETERS: dict[str, Any] = {"type": "object", "properties": {}}


class Function(BaseModel):
    """What a tool is called, does and takes."""

    model_config = ConfigDict(extra="ignore")

    name: ToolName
    description: Annotated[str, StringConstraints(max_length=20_000)] | None = None
    parameters: dict[str, Any] | None = Field(default=None, description="a JSON schema of an object")
    strict: bool | None = None


class FunctionTool(BaseModel):
    """A tool that the asker can call."""

    model_config = ConfigDict(extra="ignore")

    type: Literal["function"]
    function: Function

    def as_tool(self) -> Tool:
        """As providers are asked."""
        said = self.function
        parameters = _NO_PARAMETERS if said.parameters is None else said.parameters
        return Tool(said.name, said.description or "", parameters, is_strict=bool(said.strict))


class FunctionName(BaseModel):
    """Which tool."""

    model_config = ConfigDict(extra="ignore")

    name: ToolName


class NamedChoice(BaseModel):
    """The tool that must be called."""

    model_config = ConfigDict(extra="ignore")

    type: Literal["function"]
    function: FunctionName


class CalledFunction(BaseModel):
    """What a model asked for."""

    model_config = ConfigDict(extra="ignore")

    name: ToolName
    arguments: str


class FunctionCall(BaseModel):
    """A call that a model asked for, as it comes back in the dialogue."""

    model_config = ConfigDict(extra="ignore")

    id: CallId
    type: Literal["function"] = "function"
    function: CalledFunction

    def as_call(self) -> ToolCall:
        """As providers are told."""
        return ToolCall(self.id, self.function.name, self.function.arguments)


Choice = Literal["none", "auto", "required"] | NamedChoice


def as_choice(wanted: Choice | None) -> ToolChoice:
    """Which tools are called, as a request says; the model decides unless it does."""
    if isinstance(wanted, NamedChoice):
        return ToolChoice(ToolMode.REQUIRED, wanted.function.name)
    return ToolChoice(ToolMode(wanted or "auto"))


def check_offer(tools: Sequence[FunctionTool], wanted: Choice | None) -> None:
    """Refuse tools with one name, and a choice of a tool that is not there.

    Raises:
        ToolDialogueError: Says which.
    """
    names = [tool.function.name for tool in tools]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ToolDialogueError(f"tools: {', '.join(twice)} is there twice; give each tool its own name", field="tools")
    if wanted not in (None, "none", "auto") and not names:
        raise ToolDialogueError("tool_choice: no tools are offered; send them in `tools`", field="tool_choice")
    if isinstance(wanted, NamedChoice) and wanted.function.name not in names:
        raise ToolDialogueError(
            f"tool_choice: {wanted.function.name} is not offered; `tools` has {', '.join(names)}", field="tool_choice"
        )


def written_call(call: ToolCallOut) -> dict[str, Any]:
    """A call as OpenAI's clients read it."""
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
