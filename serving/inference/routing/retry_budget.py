"""How many calls may be made again: a share of all calls, so that retries never become the load that breaks a provider."""

import random

SHARE = 0.2
_RESERVE = 3.0
_CEILING = 20.0
_FIRST_BACKOFF_S = 0.2
_LONGEST_BACKOFF_S = 5.0


class RetryBudget:
    """A bucket of one connection: each call pays a fifth in, each retry takes one out.

    A few are there from the start, so that the first calls of a quiet connection may be made again, too.
    """

    def __init__(self) -> None:
        self._tokens = _RESERVE
        self.calls = 0
        self.retries = 0

    def pay(self) -> None:
        """A call is made."""
        self.calls += 1
        self._tokens = min(self._tokens + SHARE, _CEILING)

    def take(self) -> bool:
        """Whether a call may be made again."""
        if self._tokens < 1:
            return False
        self._tokens -= 1
        self.retries += 1
        return True


def backoff_s(retry: int, *, retry_after_s: float | None, generator: random.Random) -> float:
    """How long to wait before a retry: full jitter under a bound that doubles, and never less than was asked for.

    Args:
        retry: Which one, from 0.
        retry_after_s: How long the provider asked us to wait.
        generator: Where chance comes from.
    """
    bound = min(_FIRST_BACKOFF_S * 2**retry, _LONGEST_BACKOFF_S)
    return (retry_after_s or 0.0) + generator.uniform(0, bound)
