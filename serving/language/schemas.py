"""Shapes of the route that understands a text, and of what a bot says about its language."""

from datetime import datetime
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, available_timezones

from babel import Locale, UnknownLocaleError
from babel.core import get_global
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

from serving.accounts.schemas import Read, Write
from serving.language.entities.patterns import EntityPattern, UnsafePatternError, check_pattern

MOST_PATTERNS = 20
MOST_LANGUAGES = 10
LanguageCode = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")]
PatternName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,49}$")]


class PatternConfig(BaseModel):
    """An entity of the bot's own: a name and a regular expression of a safe kind."""

    model_config = ConfigDict(extra="forbid")

    name: PatternName
    pattern: str = Field(
        description="no lookaround, no backreference, no repetition of a repetition; at most 200 characters"
    )
    is_case_sensitive: bool = False

    @field_validator("pattern")
    @classmethod
    def _safe(cls, value: str) -> str:
        try:
            check_pattern(value)
        except UnsafePatternError as error:
            raise ValueError(str(error)) from error
        return value


class LanguageConfig(BaseModel):
    """What a bot says about how its people write, what is understood of it, and in which languages it searches and answers."""

    model_config = ConfigDict(extra="forbid")

    region: str | None = Field(
        default=None, description="ISO 3166 code, for example `DE`: whose phone numbers, dates and currencies are meant"
    )
    entity_patterns: list[PatternConfig] = Field(default_factory=list, max_length=MOST_PATTERNS)
    understands_questions: bool = Field(
        default=True, description="keep with each answer what was understood of its question, without its words"
    )
    finds_names: bool = Field(
        default=False,
        description="let the bot's model look for names of people in questions; each question costs a call",
    )
    answers_in: Literal["question", "documents"] = Field(
        default="question", description="the language of answers: that of the question, or that of the documents"
    )
    searches_in: list[LanguageCode] = Field(
        default_factory=list,
        max_length=MOST_LANGUAGES,
        description="ISO 639-1 codes: a question in another language is translated into the first by the bot's model "
        "before the search; empty: searched for as it is",
    )

    def patterns(self) -> tuple[EntityPattern, ...]:
        """The bot's own patterns, as they are looked for."""
        return tuple(
            EntityPattern(one.name, one.pattern, is_case_sensitive=one.is_case_sensitive)
            for one in self.entity_patterns
        )

    @field_validator("searches_in")
    @classmethod
    def _languages(cls, value: list[str]) -> list[str]:
        for code in value:
            try:
                Locale.parse(code)
            except (UnknownLocaleError, ValueError) as error:
                raise ValueError(f"Unknown language {code!r}; give ISO 639-1 codes such as `de`") from error
        if len(set(value)) < len(value):
            raise ValueError("searches_in: a language is listed twice")
        return value

    @field_validator("region")
    @classmethod
    def _region(cls, value: str | None) -> str | None:
        if value is not None and value not in get_global("territory_currencies"):
            raise ValueError(f"Unknown region {value!r}; give an ISO 3166 code in upper case, such as `DE` or `US`")
        return value

    @model_validator(mode="after")
    def _names_differ(self) -> "LanguageConfig":
        names = [one.name for one in self.entity_patterns]
        if len(set(names)) < len(names):
            raise ValueError("Two patterns have the same name; give each its own")
        return self


class UnderstandCreate(Write):
    """A text to understand."""

    text: Annotated[str, StringConstraints(min_length=1, max_length=8_000)]
    reference_time: datetime | None = Field(
        default=None, description="what `tomorrow` is counted from; now unless given"
    )
    time_zone: str = Field(default="UTC", description="IANA name, for example `Europe/Berlin`", max_length=64)

    @field_validator("time_zone")
    @classmethod
    def _zone(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError(f"Unknown time zone {value!r}; give an IANA name such as `Europe/Berlin`")
        return value

    def reference(self) -> datetime:
        """The moment that relative dates are counted from, in the time zone of whoever wrote."""
        zone = ZoneInfo(self.time_zone)
        given = self.reference_time
        if given is None:
            return datetime.now(zone)
        return given.replace(tzinfo=zone) if given.tzinfo is None else given.astimezone(zone)


class EntityOut(Read):
    """One entity; `value` is normalised."""

    kind: str
    start: int
    end: int
    text: str
    value: str
    confidence: float
    is_custom: bool


class SentimentOut(Read):
    """How a text sounds."""

    label: str
    score: float


class UnavailableOut(Read):
    """Why a part said nothing."""

    reason: str
    detail: str


class UnderstandingOut(Read):
    """What is understood of a text. A null is an abstention; `unavailable` says which parts could not look, and why."""

    language: str | None
    language_confidence: float
    intent: str | None
    likeliest_intent: str | None
    intent_confidence: float | None
    intent_threshold: float | None
    is_out_of_scope: bool | None
    entities: list[EntityOut]
    sentiment: SentimentOut | None
    unavailable: dict[str, UnavailableOut]
    latencies_ms: dict[str, float]


class EntityPlace(Read):
    """Where a question names something, and what kind of thing; its words stay in the message."""

    kind: str
    start: int
    end: int
    confidence: float
    is_custom: bool


class NamesCall(Read):
    """A call of a model for the names in a question."""

    provider: str
    model: str
    cost_usd: float


class UnderstoodOut(Read):
    """What a receipt keeps of the understanding of its question: no word of it. Values as of `UnderstandingOut`."""

    language: str | None
    language_confidence: float
    intent: str | None
    likeliest_intent: str | None
    intent_confidence: float | None
    intent_threshold: float | None
    is_out_of_scope: bool | None
    entities: list[EntityPlace]
    sentiment: SentimentOut | None
    unavailable: dict[str, str] = Field(description="parts that could not look, with the reason")
    latencies_ms: dict[str, float]
    names_calls: list[NamesCall] = Field(default_factory=list, description="what looking for names cost")
