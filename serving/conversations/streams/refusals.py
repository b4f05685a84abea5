"""Questions that were refused lately: nothing of them is stored, so that nobody would see them otherwise."""

import time
import uuid
from collections import Counter
from collections.abc import Callable

from serving.telemetry import metrics

KEPT_MINUTES = 60


class Refusals:
    """Counts by minute, for an hour.

    Args:
        clock: Seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._minutes: dict[int, Counter[tuple[uuid.UUID | None, str]]] = {}

    def count(self, reason: str, organization_id: uuid.UUID | None = None) -> None:
        """One question was refused.

        Args:
            reason: The slug of the problem that its asker was told.
            organization_id: Whose it was; None when that was not looked up.
        """
        metrics.REFUSED.labels(reason).inc()
        minute = self._minute()
        if minute not in self._minutes:
            self._minutes = {kept: counts for kept, counts in self._minutes.items() if kept > minute - KEPT_MINUTES}
            self._minutes[minute] = Counter()
        self._minutes[minute][organization_id, reason] += 1

    def lately(self, organization_id: uuid.UUID | None, minutes: int) -> dict[str, int]:
        """Refused questions of an organization by reason; with None those whose organization was not looked up.

        Args:
            organization_id: Whose.
            minutes: How far back, at most `KEPT_MINUTES`.
        """
        found: Counter[str] = Counter()
        since = self._minute() - minutes
        for minute, counts in self._minutes.items():
            if minute > since:
                for (owner, reason), refused in counts.items():
                    if owner == organization_id:
                        found[reason] += refused
        return dict(found)

    def _minute(self) -> int:
        return int(self._clock() // 60)
