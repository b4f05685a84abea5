"""Shapes of the intents routes."""

import uuid
from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from serving.accounts.schemas import Read, Write
from storage.postgres.models.intent_example import MOST_EXAMPLE_CHARACTERS

IntentName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
ExampleText = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MOST_EXAMPLE_CHARACTERS, pattern=r"^[^\x00]*$"),
]
Description = Annotated[str, StringConstraints(max_length=2_000, pattern=r"^[^\x00]*$")]
MOST_IN_ONE_REQUEST = 20_000


class IntentCreate(Write):
    """Add an intent."""

    name: IntentName
    description: Description | None = None
    is_out_of_scope: bool = Field(
        default=False, description="its examples are what the bot is not for; a bot has one such intent at most"
    )
    examples: list[ExampleText] = Field(default_factory=list, max_length=1_000)


class IntentUpdate(Write):
    """Change an intent."""

    name: IntentName | None = None
    description: Description | None = None


class IntentOut(Read):
    """An intent."""

    id: uuid.UUID
    name: str
    description: str | None
    is_out_of_scope: bool
    examples: int = Field(description="how many it has")
    created_at: datetime
    updated_at: datetime


class ExampleOut(Read):
    """An example of an intent."""

    id: uuid.UUID
    text: str
    created_at: datetime


class LabelledText(Write):
    """A text and the intent that it shows; null for one that is out of scope."""

    text: ExampleText
    intent: IntentName | None = None


class ExamplesCreate(Write):
    """Many examples of many intents; an intent that is not there yet is made."""

    examples: list[LabelledText] = Field(min_length=1, max_length=MOST_IN_ONE_REQUEST)


class ExamplesAdded(Read):
    """What became of them."""

    added: int
    known: int = Field(description="were examples of the same intent before")
    intents_created: list[str]


class Confusion(Read):
    """Held-out examples of one intent that were taken for another; null stands for out of scope."""

    intent: str | None
    taken_for: str | None
    count: int
    example: str


class IntentScore(Read):
    """How well held-out examples of one intent were recognised."""

    intent: str
    examples: int
    recall: float
    precision: float | None = Field(description="null when nothing was taken for it")


class IntentMetrics(Read):
    """How good a model is on examples that it was not trained on, at its threshold."""

    examples: int
    accuracy: float = Field(
        description="share of in-scope examples with the right intent; a refused one counts as wrong"
    )
    accuracy_without_threshold: float
    refused_share: float = Field(description="share of in-scope examples that were taken for out of scope")
    out_of_scope_examples: int
    out_of_scope_recall: float | None = Field(description="null without out-of-scope examples")
    intents: list[IntentScore]
    confusions: list[Confusion]


class IntentModelOut(Read):
    """A trained model. `metrics` come from cross-validation: every example was judged by a model that had not seen it."""

    id: uuid.UUID
    number: int
    embedding_model: str
    training_digest: str
    labels: list[str]
    threshold: float
    metrics: IntentMetrics
    is_live: bool
    created_at: datetime


class IntentsOut(Read):
    """The intents of a bot and the model that is live."""

    intents: list[IntentOut]
    live_model: IntentModelOut | None
    is_stale: bool = Field(description="examples changed after the live model was trained")


class IntentTest(Write):
    """Texts with their right intents, that the live model is judged on."""

    examples: list[LabelledText] = Field(min_length=1, max_length=5_000)
