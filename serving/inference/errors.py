"""What can go wrong at a provider, as one type: the kind decides whether another try or another model may help."""

import enum


class ProviderErrorKind(enum.StrEnum):
    """Why a provider did not answer; stable names that receipts, metrics and clients see."""

    TIMEOUT = "timeout"
    """Nothing came within the deadline, or a stream stood still."""
    CONNECTION = "connection"
    """It could not be reached, or reset the connection before the answer began."""
    CUT = "cut"
    """The stream ended without its end."""
    RATE_LIMITED = "rate_limited"
    OVERLOADED = "overloaded"
    """It answered with a 5xx, or said that it is over capacity."""
    INVALID_RESPONSE = "invalid_response"
    """It answered, but not in its own protocol."""
    UNAUTHENTICATED = "unauthenticated"
    """The key is wrong, revoked, or may not use this model."""
    OUT_OF_CREDIT = "out_of_credit"
    UNKNOWN_MODEL = "unknown_model"
    INVALID_REQUEST = "invalid_request"
    CONTEXT_TOO_LONG = "context_too_long"
    CONTENT_FILTERED = "content_filtered"
    UNAVAILABLE = "unavailable"
    """Not tried at all: its breaker is open, it cools down, or no time is left."""


# The same request, sent to the same model again, may be answered.
_TRY_AGAIN = frozenset(
    {
        ProviderErrorKind.TIMEOUT,
        ProviderErrorKind.CONNECTION,
        ProviderErrorKind.CUT,
        ProviderErrorKind.RATE_LIMITED,
        ProviderErrorKind.OVERLOADED,
        ProviderErrorKind.INVALID_RESPONSE,
    }
)
# No other model would take this request either: it is the request that is wrong.
_OUR_FAULT = frozenset({ProviderErrorKind.INVALID_REQUEST})


class ProviderError(Exception):
    """A provider could not answer.

    Args:
        message: What happened, fit for people: no key, no address inside the network, no text of a prompt.
        kind: Why.
        retry_after_s: How long the provider asked us to wait, if it did.
    """

    def __init__(self, message: str, *, kind: ProviderErrorKind, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.retry_after_s = retry_after_s

    @property
    def is_retryable(self) -> bool:
        """Whether the same model may answer when asked again."""
        return self.kind in _TRY_AGAIN

    @property
    def allows_fallback(self) -> bool:
        """Whether another model may answer the same request."""
        return self.kind not in _OUR_FAULT
