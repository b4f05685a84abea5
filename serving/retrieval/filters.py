"""Which documents a search may draw from, by what is known of them. Values travel as bound parameters only.

A condition on a field that a document does not have is false, whatever its operator, `not_equals` and `not_in` included;
`exists` with the value false finds such documents. Texts are compared exactly; numbers only with numbers.
"""

import math
import re
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

Operator = Literal[
    "equals", "not_equals", "in", "not_in", "less", "at_most", "greater", "at_least", "contains", "exists"
]
Scalar = Annotated[str, StringConstraints(max_length=1000)] | bool | int | float

TEXT_FIELDS = ("name", "source_uri", "title", "author", "language", "media_type")
DATE_FIELDS = ("created_at", "modified_at", "ready_at")
NUMBER_FIELDS = ("page_count", "byte_size")
TAGS = "tags"
CUSTOM = "metadata."
_CUSTOM_NAME = re.compile(r"[^\x00-\x1f]{1,200}")
_ORDERED = ("less", "at_most", "greater", "at_least")
_LISTS = ("in", "not_in")
MOST_CONDITIONS = 50


class Condition(BaseModel):
    """One field compared with a value."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    field: str = Field(
        description=f"one of {', '.join((*TEXT_FIELDS, *DATE_FIELDS, *NUMBER_FIELDS, TAGS))}, or metadata.NAME"
    )
    operator: Operator = "equals"
    value: Scalar | Annotated[tuple[Scalar, ...], Field(max_length=1000)]

    @model_validator(mode="after")
    def _fits(self) -> "Condition":
        """Refuse an unknown field, and an operator or a value that the field cannot be compared by."""
        known = (*TEXT_FIELDS, *DATE_FIELDS, *NUMBER_FIELDS, TAGS)
        is_custom = self.field.startswith(CUSTOM) and _CUSTOM_NAME.fullmatch(self.field[len(CUSTOM) :]) is not None
        if self.field not in known and not is_custom:
            raise ValueError(f"Unknown field {self.field[:100]!r}; valid: {', '.join(known)}, metadata.NAME")
        if (self.operator in _LISTS) != isinstance(self.value, tuple):
            raise ValueError(f"{self.operator} takes {'a list' if self.operator in _LISTS else 'one value'}")
        if self.operator == "exists":
            if not isinstance(self.value, bool):
                raise ValueError("exists takes true or false")
            return self
        if (self.operator == "contains") != (self.field == TAGS) and not (
            self.operator == "contains" and self.field in TEXT_FIELDS
        ):
            raise ValueError("tags are compared by contains; contains is for tags and texts")
        for value in self.value if isinstance(self.value, tuple) else (self.value,):
            _check_value(self.field, self.operator, value)
        return self


class Filter(BaseModel):
    """Conditions of which `all` hold, at least one of `any` (if there are some), and none of `none`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    all: tuple[Condition, ...] = Field(default=(), max_length=MOST_CONDITIONS)
    any: tuple[Condition, ...] = Field(default=(), max_length=MOST_CONDITIONS)
    none: tuple[Condition, ...] = Field(default=(), max_length=MOST_CONDITIONS)

    @property
    def is_empty(self) -> bool:
        """Whether every document passes."""
        return not (self.all or self.any or self.none)


def as_date(value: Any) -> datetime:
    """The moment that a filter's value means; UTC where it names no zone.

    Raises:
        ValueError: It is no ISO 8601 date.
    """
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is no date; write it like 2026-01-31 or 2026-01-31T12:00:00Z")
    try:
        found = datetime.fromisoformat(value)
    except ValueError as error:
        raise ValueError(f"{value[:50]!r} is no date; write it like 2026-01-31 or 2026-01-31T12:00:00Z") from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _check_value(field: str, operator: str, value: Any) -> None:
    if field in DATE_FIELDS:
        as_date(value)
    elif field in NUMBER_FIELDS:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError(f"{field} is compared with a number, not {value!r:.50}")
    elif field in (*TEXT_FIELDS, TAGS):
        if not isinstance(value, str):
            raise ValueError(f"{field} is compared with a text, not {value!r:.50}")
        if operator in _ORDERED:
            raise ValueError(f"{field} has no order; use equals, in or contains")
    elif operator in _ORDERED and isinstance(value, bool):
        raise ValueError("true and false have no order")
    if isinstance(value, str) and "\x00" in value:
        raise ValueError("a value may not hold the character NUL")
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("a number must be finite")
