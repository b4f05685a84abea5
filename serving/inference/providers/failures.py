"""What a provider says when it does not answer -> why, and how that is told to people.

Providers' own words are never passed on: they hold parts of keys, of prompts and of addresses.
"""

import email.utils
import re
import time
from collections.abc import Mapping

import httpx2

from serving.inference.errors import ProviderError, ProviderErrorKind
from serving.inference.providers.connection import TooLargeError
from serving.inference.providers.transport import ForbiddenAddressError
from serving.inference.providers.watchdog import StalledError

Kind = ProviderErrorKind

_STORIES = {
    Kind.TIMEOUT: "took too long",
    Kind.CONNECTION: "cannot be reached",
    Kind.CUT: "broke off in the middle of its answer",
    Kind.RATE_LIMITED: "asks for fewer requests",
    Kind.OVERLOADED: "is overloaded or has a problem of its own",
    Kind.INVALID_RESPONSE: "answered something that is not in its protocol",
    Kind.UNAUTHENTICATED: "does not take the key; give the connection a new one",
    Kind.OUT_OF_CREDIT: "has no credit left for this key",
    Kind.UNKNOWN_MODEL: "does not know the model; check its name",
    Kind.INVALID_REQUEST: "does not take the request; check the model's parameters",
    Kind.CONTEXT_TOO_LONG: "cannot read so much at once; ask for fewer passages or a shorter answer",
    Kind.CONTENT_FILTERED: "does not answer this because of its content rules",
    Kind.UNAVAILABLE: "is not asked right now",
}
# Codes, types and states of all providers: each means one thing.
_WORDS = {
    "insufficient_quota": Kind.OUT_OF_CREDIT,
    "billing_hard_limit_reached": Kind.OUT_OF_CREDIT,
    "billing_not_active": Kind.OUT_OF_CREDIT,
    "billing_error": Kind.OUT_OF_CREDIT,
    "context_length_exceeded": Kind.CONTEXT_TOO_LONG,
    "content_filter": Kind.CONTENT_FILTERED,
    "content_policy_violation": Kind.CONTENT_FILTERED,
    "model_not_found": Kind.UNKNOWN_MODEL,
    "not_found_error": Kind.UNKNOWN_MODEL,
    "notfounderror": Kind.UNKNOWN_MODEL,
    "not_found": Kind.UNKNOWN_MODEL,
    "invalid_api_key": Kind.UNAUTHENTICATED,
    "authentication_error": Kind.UNAUTHENTICATED,
    "permission_error": Kind.UNAUTHENTICATED,
    "unauthenticated": Kind.UNAUTHENTICATED,
    "permission_denied": Kind.UNAUTHENTICATED,
    "rate_limit_error": Kind.RATE_LIMITED,
    "rate_limit_exceeded": Kind.RATE_LIMITED,
    "resource_exhausted": Kind.RATE_LIMITED,
    "overloaded_error": Kind.OVERLOADED,
    "api_error": Kind.OVERLOADED,
    "server_error": Kind.OVERLOADED,
    "internal_server_error": Kind.OVERLOADED,
    "internalservererror": Kind.OVERLOADED,
    "unavailable": Kind.OVERLOADED,
    "internal": Kind.OVERLOADED,
    "timeout_error": Kind.TIMEOUT,
    "deadline_exceeded": Kind.TIMEOUT,
}
_STATUSES = {
    401: Kind.UNAUTHENTICATED,
    402: Kind.OUT_OF_CREDIT,
    403: Kind.UNAUTHENTICATED,
    404: Kind.UNKNOWN_MODEL,
    408: Kind.TIMEOUT,
    429: Kind.RATE_LIMITED,
    504: Kind.TIMEOUT,
}
# Where one code stands for several reasons, only the sentence tells them apart.
_SENTENCES = (
    (re.compile(r"credit balance|exceeded your current quota|insufficient credit"), Kind.OUT_OF_CREDIT),
    (re.compile(r"api[ _]key[ _]?(not valid|invalid|expired)"), Kind.UNAUTHENTICATED),
    (
        re.compile(r"context (length|window)|prompt is too long|input token count|too many (input )?tokens|maximum.{0,30}tokens"),
        Kind.CONTEXT_TOO_LONG,
    ),
    (re.compile(r"model\b.{0,120}(not found|does not exist|is not supported)"), Kind.UNKNOWN_MODEL),
)  # fmt: skip
_AMBIGUOUS = (400, 413, 422, 429)


def kind_of(status: int | None, words: tuple[str, ...], sentence: str) -> ProviderErrorKind:
    """Why a provider refused.

    Args:
        status: HTTP status of the response, or the one named in the error.
        words: Its error's code, type or state, whatever it has of these.
        sentence: Its message; read here, and never passed on.
    """
    known = [_WORDS[word.lower()] for word in words if word.lower() in _WORDS]
    if status in _AMBIGUOUS or status is None:
        if Kind.OUT_OF_CREDIT in known or Kind.CONTEXT_TOO_LONG in known:
            return next(kind for kind in known if kind in (Kind.OUT_OF_CREDIT, Kind.CONTEXT_TOO_LONG))
        for pattern, kind in _SENTENCES:
            if pattern.search(sentence.lower()):
                return kind
    if status in _STATUSES:
        return _STATUSES[status]
    if known:
        return known[0]
    if status is None:
        return Kind.INVALID_RESPONSE
    if status >= 500:
        return Kind.OVERLOADED
    return Kind.INVALID_REQUEST if 400 <= status < 500 else Kind.INVALID_RESPONSE


def told(provider: str, kind: ProviderErrorKind, *, retry_after_s: float | None = None) -> ProviderError:
    """The error of a kind, in words for people."""
    return ProviderError(f"The provider {provider} {_STORIES[kind]}", kind=kind, retry_after_s=retry_after_s)


def of_transport(provider: str, error: BaseException, *, has_begun: bool) -> ProviderError:
    """What an error of the connection means.

    Args:
        provider: Its name, for people.
        error: What was raised while reading.
        has_begun: Whether a part of the answer had come.
    """
    if isinstance(error, StalledError | httpx2.TimeoutException):
        return told(provider, Kind.TIMEOUT)
    if isinstance(error, TooLargeError):
        return ProviderError(
            f"The provider {provider} says more than the connection's limit `max_bytes` allows",
            kind=Kind.INVALID_RESPONSE,
        )
    if isinstance(error, ForbiddenAddressError):
        return ProviderError(
            f"The provider {provider} is at an address that is not public; the operator can name its host in "
            "PIXEL_API_MODEL_HOSTS",
            kind=Kind.UNAVAILABLE,
        )
    if isinstance(error, httpx2.RemoteProtocolError) and not has_begun:
        return told(provider, Kind.INVALID_RESPONSE)
    if isinstance(error, httpx2.TransportError):
        return told(provider, Kind.CUT if has_begun else Kind.CONNECTION)
    return told(provider, Kind.INVALID_RESPONSE)


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """How long the provider asks to wait, in seconds, from its headers."""
    milliseconds = headers.get("retry-after-ms", "")
    if milliseconds.replace(".", "", 1).isdecimal():
        return float(milliseconds) / 1000
    value = headers.get("retry-after", "").strip()
    if value.replace(".", "", 1).isdecimal():
        return float(value)
    moment = email.utils.parsedate_tz(value) if value else None
    return None if moment is None else max(0.0, email.utils.mktime_tz(moment) - time.time())
