"""Base of the rows that cross folders."""

from pydantic import BaseModel, ConfigDict


class Record(BaseModel):
    """A frozen row: made once, compared by value, refused when a field is unknown."""

    model_config = ConfigDict(frozen=True, extra="forbid")
