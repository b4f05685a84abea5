"""Shapes of the OpenAI-compatible routes. Unknown parameters are accepted and ignored, as OpenAI's own clients expect."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from serving.conversations.schemas import MAX_QUESTION_CHARACTERS
from serving.inference.connections.errors import ParametersError
from serving.inference.parameters import general_problems

_PARAMETERS = ("temperature", "top_p", "seed", "stop", "presence_penalty", "frequency_penalty")


class TextPart(BaseModel):
    """One part of a message with several; only text is understood."""

    type: Literal["text"]
    text: str


class ChatMessage(BaseModel):
    """One turn."""

    model_config = ConfigDict(extra="ignore")

    role: Literal["system", "developer", "user", "assistant"]
    content: str | list[TextPart]

    def as_text(self) -> str:
        """The turn's text."""
        return self.content if isinstance(self.content, str) else "\n".join(part.text for part in self.content)


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

    def question(self) -> str | None:
        """The last turn's text when a user speaks last and says something that is not too long."""
        last = self.messages[-1]
        text = last.as_text().strip().replace("\x00", "")
        return text if last.role == "user" and 0 < len(text) <= MAX_QUESTION_CHARACTERS else None

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
