"""Every way in which a model server fails to answer."""

import enum
from dataclasses import dataclass


class Fault(enum.StrEnum):
    """What goes wrong at the server."""

    NONE = "none"
    SILENT = "silent"
    """It takes the request and says nothing."""
    STALLED = "stalled"
    """It stops in the middle and keeps the connection."""
    DRIPPING = "dripping"
    """It sends single bytes that make up no event."""
    RESET = "reset"
    """It resets the connection before the answer."""
    CUT = "cut"
    """It resets the connection in the middle of the answer."""
    ENDED = "ended"
    """The response ends well in the middle of the answer."""
    GARBAGE = "garbage"
    """200 with a page that is no answer."""
    GARBAGE_LATER = "garbage_later"
    """An answer that turns into garbage."""
    NO_HTTP = "no_http"
    """Bytes that are no HTTP."""
    ERROR_BODY = "error_body"
    """200 with an error in place of a stream."""
    ERROR_EVENT = "error_event"
    """An error in the middle of the stream."""
    ENDLESS = "endless"
    """An answer without an end."""
    RATE_LIMITED = "rate_limited"
    BROKEN = "broken"
    UNAVAILABLE = "unavailable"
    OVERLOADED = "overloaded"
    BAD_KEY = "bad_key"
    FORBIDDEN = "forbidden"
    OUT_OF_CREDIT = "out_of_credit"
    UNKNOWN_MODEL = "unknown_model"
    INVALID = "invalid"
    TOO_LONG = "too_long"


STATUSES = {
    Fault.RATE_LIMITED: 429,
    Fault.BROKEN: 500,
    Fault.UNAVAILABLE: 503,
    Fault.OVERLOADED: 529,
    Fault.BAD_KEY: 401,
    Fault.FORBIDDEN: 403,
    Fault.OUT_OF_CREDIT: 402,
    Fault.UNKNOWN_MODEL: 404,
    Fault.INVALID: 400,
    Fault.TOO_LONG: 400,
}


@dataclass(frozen=True)
class Behaviour:
    """How a server answers.

    Attributes:
        fault: What goes wrong.
        words: The answer, a piece each.
        interval_s: Pause before each piece.
        retry_after_s: What it asks to wait, where it refuses.
        has_usage: Whether it tells the tokens.
        tool: Name of a tool that it asks for instead of answering.
    """

    fault: Fault = Fault.NONE
    words: tuple[str, ...] = ("Sixty ", "months", " [1].")
    interval_s: float = 0.0
    retry_after_s: float | None = None
    has_usage: bool = True
    tool: str | None = None
