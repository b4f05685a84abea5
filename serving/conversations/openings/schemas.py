"""Shapes of conversation templates and canned replies."""

import re
import uuid
from datetime import datetime
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from serving.accounts.schemas import Name, Read, Write
from serving.conversations.schemas import ConversationStarted, MessageOut

PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]{0,49})\}")
Variable = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,49}$")]
Value = Annotated[str, StringConstraints(strip_whitespace=True, max_length=500, pattern=r"^[^\x00]*$")]
Opening = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000, pattern=r"^[^\x00]*$")]
Shortcut = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=50)]


class ConversationTemplateCreate(Write):
    """An opening: what a bot says first. Messages may hold variables, as `{name}`."""

    chatbot_id: uuid.UUID
    name: Name
    description: Annotated[str, StringConstraints(max_length=2000)] | None = None
    variables: dict[Variable, Value | None] = Field(
        default_factory=dict, max_length=20, description="each with its default; null: it must be given"
    )
    messages: list[Opening] = Field(min_length=1, max_length=10)

    @model_validator(mode="after")
    def _every_placeholder_is_a_variable(self) -> Self:
        used = {name for message in self.messages for name in PLACEHOLDER.findall(message)}
        if unknown := sorted(used - self.variables.keys()):
            raise ValueError(f"messages hold {{{unknown[0]}}}, which is not among the variables")
        return self


class ConversationTemplateOut(Read):
    """An opening."""

    id: uuid.UUID
    chatbot_id: uuid.UUID
    name: str
    description: str | None
    variables: dict[str, str | None]
    messages: list[str]
    created_at: datetime
    updated_at: datetime


class ConversationFromTemplate(Write):
    """Start a conversation with an opening."""

    variables: dict[Variable, Value] = Field(default_factory=dict, max_length=20)


class OpenedConversation(ConversationStarted):
    """A fresh conversation with what the bot has said in it."""

    opening: list[MessageOut]


class CannedReplyCreate(Write):
    """A text that people who answer write often."""

    shortcut: Shortcut
    title: Name
    text: Opening


class CannedReplyUpdate(Write):
    """Change a canned reply."""

    shortcut: Shortcut | None = None
    title: Name | None = None
    text: Opening | None = None


class CannedReplyOut(Read):
    """A canned reply."""

    id: uuid.UUID
    shortcut: str
    title: str
    text: str
    created_at: datetime
    updated_at: datetime
