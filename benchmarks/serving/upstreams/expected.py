"""What each fault must be told as, whatever the provider, and whether a first word came before it."""

from benchmarks.serving.upstreams.faults import Fault
from serving.inference.errors import ProviderErrorKind as Kind

EXPECTED = {
    Fault.SILENT: Kind.TIMEOUT,
    Fault.STALLED: Kind.TIMEOUT,
    Fault.DRIPPING: Kind.TIMEOUT,
    Fault.RESET: Kind.CONNECTION,
    Fault.CUT: Kind.CUT,
    Fault.ENDED: Kind.CUT,
    Fault.GARBAGE: Kind.INVALID_RESPONSE,
    Fault.GARBAGE_LATER: Kind.INVALID_RESPONSE,
    Fault.NO_HTTP: Kind.INVALID_RESPONSE,
    Fault.ERROR_BODY: Kind.OVERLOADED,
    Fault.ERROR_EVENT: Kind.OVERLOADED,
    Fault.ENDLESS: Kind.INVALID_RESPONSE,
    Fault.RATE_LIMITED: Kind.RATE_LIMITED,
    Fault.BROKEN: Kind.OVERLOADED,
    Fault.UNAVAILABLE: Kind.OVERLOADED,
    Fault.OVERLOADED: Kind.OVERLOADED,
    Fault.BAD_KEY: Kind.UNAUTHENTICATED,
    Fault.FORBIDDEN: Kind.UNAUTHENTICATED,
    Fault.OUT_OF_CREDIT: Kind.OUT_OF_CREDIT,
    Fault.UNKNOWN_MODEL: Kind.UNKNOWN_MODEL,
    Fault.INVALID: Kind.INVALID_REQUEST,
    Fault.TOO_LONG: Kind.CONTEXT_TOO_LONG,
}
HAS_BEGUN = {
    Fault.STALLED, Fault.DRIPPING, Fault.CUT, Fault.ENDED, Fault.GARBAGE_LATER, Fault.ERROR_EVENT, Fault.ENDLESS,
}  # fmt: skip
