"""The messages of a request in OpenAI's protocol: the question, what came before it, and the tools that were called for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from serving.conversations.openai_tools import CallId, FunctionCall
from serving.conversations.schemas import MAX_QUESTION_CHARACTERS
from serving.conversations.tools.errors import ToolDialogueError
from serving.conversations.tools.toolbox import MOST_CALLS
from serving.errors import BadRequestError
from serving.inference.provider import Message, Role, Turn


class TextPart(BaseModel):
    """One part of a message with several; only text is understood."""

    type: Literal["text"]
    text: str


class ChatMessage(BaseModel):
    """One turn."""

    model_config = ConfigDict(extra="ignore")

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | list[TextPart] | None = None
    tool_calls: list[FunctionCall] | None = Field(default=None, max_length=MOST_CALLS)
    tool_call_id: CallId | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.content is None and not (self.role == "assistant" and self.tool_calls):
            raise ValueError("content: a text, or parts of text; only an assistant's message with tool_calls has none")
        if self.role == "tool" and self.tool_call_id is None:
            raise ValueError("tool_call_id: the id of the call that this is the result of")
        return self

    @property
    def calls(self) -> Sequence[FunctionCall]:
        """The tools that an assistant asked for."""
        return (self.tool_calls or ()) if self.role == "assistant" else ()

    def as_text(self) -> str:
        """The turn's text."""
        if self.content is None or isinstance(self.content, str):
            return self.content or ""
        return "\n".join(part.text for part in self.content)

    def as_turn(self) -> Turn:
        """As an earlier turn."""
        calls = tuple(call.as_call() for call in self.calls)
        return Turn(self.role, self.as_text(), calls, self.tool_call_id if self.role == "tool" else None)

    def as_message(self) -> Message:
        """As a message of a prompt that goes on after the question."""
        turn = self.as_turn()
        return Message(Role(turn.role), turn.content, turn.tool_calls, turn.tool_call_id)


@dataclass(frozen=True)
class Dialogue:
    """Messages in their parts.

    Attributes:
        question: The last thing that the user said.
        history: What came before.
        said: Calls of tools after it, and their results.
    """

    question: str
    history: tuple[Turn, ...]
    said: tuple[Message, ...]

    def without_tools(self) -> tuple[Turn, ...]:
        """What came before, for a model that is offered no tools."""
        spoken = [Turn(turn.role, turn.content) for turn in self.history if turn.role != Role.TOOL]
        return tuple(turn for turn in spoken if turn.content)


def dialogue_of(messages: Sequence[ChatMessage]) -> Dialogue:
    """The parts of a request's messages.

    Raises:
        BadRequestError: Neither a user speaks last nor a tool, or what the user said is empty or too long.
        ToolDialogueError: A call has no result, or a result no call.
    """
    _check_results(messages)
    last = max((at for at, message in enumerate(messages) if message.role == "user"), default=-1)
    after = messages[last + 1 :]
    question = messages[last].as_text().strip().replace("\x00", "") if last >= 0 else ""
    is_answerable = not after or (after[-1].role == "tool" and all(one.role == "tool" or one.calls for one in after))
    if not is_answerable or not 0 < len(question) <= MAX_QUESTION_CHARACTERS:
        raise BadRequestError(
            f"The last message must be a user's, with 1 to {MAX_QUESTION_CHARACTERS} characters of text, "
            "or the result of a tool that was called for it",
            errors=[{"field": "messages"}],
        )
    history = tuple(message.as_turn() for message in messages[:last])
    return Dialogue(question, history, tuple(message.as_message() for message in after))


def _check_results(messages: Sequence[ChatMessage]) -> None:
    """Each call is answered once, before anything else is said: models are refused any other order by their providers."""
    waiting: list[str] = []
    for number, message in enumerate(messages):
        place = f"messages.{number}"
        if message.role == "tool":
            if message.tool_call_id not in waiting:
                detail = (
                    f"{place}: no call {message.tool_call_id!r} waits for this result; send the call before it, once"
                )
                raise ToolDialogueError(detail, field=place)
            waiting.remove(message.tool_call_id)
            continue
        _check_none_waits(waiting, place)
        waiting = [call.id for call in message.calls]
        if len(set(waiting)) < len(waiting):
            raise ToolDialogueError(f"{place}: two tool_calls have one id; give each its own", field=place)
    _check_none_waits(waiting, "messages")


def _check_none_waits(waiting: Sequence[str], place: str) -> None:
    if waiting:
        named = ", ".join(repr(one) for one in waiting)
        detail = f"{place}: the result of {named} is missing; send one message of role tool for each call before it"
        raise ToolDialogueError(detail, field=place)
