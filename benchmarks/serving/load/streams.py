"""Many streams at once: are all tokens there, in order and in time, and what does the process hold meanwhile?"""

import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from benchmarks.figure import figure, percentile
from benchmarks.serving.load.place import Place, place, read_in_own_process

STREAMS, RATE, MINUTES = 1000, 5.0, 10.0
OFFERED, STORMS = 5000, 5
_SHORT_TOKENS = 50


def measure(*, minutes: float = MINUTES) -> Iterator[dict[str, Any]]:
    """A thousand streams for some minutes, half of them for what is added, and five times as many as there is place for."""
    with place() as made:
        yield from half(made)
        yield from whole(made, minutes)
        yield from storm(made)


def half(made: Place) -> Iterator[dict[str, Any]]:
    """What the product adds to the first token while half of the places are taken."""
    plan = made.plan(streams=STREAMS // 2, tokens=_SHORT_TOKENS, rate=RATE, start_over_s=20.0, timeout_s=90.0)
    direct = read_in_own_process(made.direct(plan))
    through = read_in_own_process(plan)
    added = percentile(through["first_s"], 0.99) - percentile(direct["first_s"], 0.5)
    yield figure(
        f"{STREAMS // 2} streams: added time to the first token, p99", added * 1000, "ms", at_most=50,
        p50=round((percentile(through["first_s"], 0.5) - percentile(direct["first_s"], 0.5)) * 1000, 1),
        errors=through["errors"], streams=through["finished"],
    )  # fmt: skip


def whole(made: Place, minutes: float) -> Iterator[dict[str, Any]]:
    """All places taken, each stream as long as the measurement."""
    tokens = int(minutes * 60 * RATE)
    plan = made.plan(streams=STREAMS, tokens=tokens, rate=RATE, start_over_s=30.0, timeout_s=minutes * 60 + 120)
    with _watched(made, after_s=45.0, until_s=minutes * 60) as seen:
        cpu = made.process.cpu_times()
        found = read_in_own_process(plan)
        used = made.process.cpu_times()
    broken = found["errors"] + STREAMS - found["admitted"]
    seconds = used.user + used.system - cpu.user - cpu.system
    name = f"{STREAMS} streams x {RATE:g} tokens/s, {minutes:g} min"
    yield figure(f"{name}: errors", broken, "", at_most=0, finished=found["finished"], examples=found["examples"])
    yield figure(f"{name}: wrong or lost tokens", found["wrong_tokens"] + found["lost_tokens"], "", at_most=0, tokens=STREAMS * tokens)  # fmt: skip
    yield figure(f"{name}: gap between tokens, p99", found["gap_p99_s"], "s", at_most=1.0, spread=(found["gap_p50_s"], found["gap_max_s"]))  # fmt: skip
    yield figure(f"{name}: growth of memory", seen.growth(), "", at_most=0.05, megabytes=[round(m / 1e6) for m in seen.memory[:: max(1, len(seen.memory) // 10)]])  # fmt: skip
    yield figure(f"{name}: connections to PostgreSQL", max(seen.connections, default=None), "", at_most=20)
    yield figure(f"{name}: processor time for a token", seconds / (STREAMS * tokens) * 1e6, "µs")


def storm(made: Place) -> Iterator[dict[str, Any]]:
    """Five times as many as there is place for, all at once, five times: who gets in is served, who does not hears it at once."""
    plan = made.plan(streams=OFFERED, tokens=_SHORT_TOKENS * 2, rate=RATE, start_over_s=5.0, timeout_s=120.0)
    all_found = [read_in_own_process(plan) for _ in range(STORMS)]
    refused = [
        sum(count for status, count in found["refused"].items() if status in ("429", "503")) for found in all_found
    ]
    other = sum(
        OFFERED - found["admitted"] - turned_away + found["errors"]
        for found, turned_away in zip(all_found, refused, strict=True)
    )
    yield figure(
        f"{OFFERED} offered: neither served nor refused properly", other, "", at_most=0, storms=STORMS,
        admitted=[found["admitted"] for found in all_found], refused=refused, examples=all_found[0]["examples"],
    )  # fmt: skip
    waits = [[round(seconds * 1000, 1) for seconds in found["refused_s"]] or [0.0] for found in all_found]
    of_each = [percentile(waited, 0.99) for waited in waits]
    yield figure(
        f"{OFFERED} offered: refused within, p99", statistics.median(of_each), "ms", at_most=200,
        spread=(min(of_each), max(of_each)), storms=STORMS, p50=statistics.median(percentile(waited, 0.5) for waited in waits),
        slowest=max(max(waited) for waited in waits),
    )  # fmt: skip
    yield figure(f"{OFFERED} offered: gap between tokens of the admitted, p99", max(found["gap_p99_s"] for found in all_found), "s", at_most=1.0)  # fmt: skip
    wrong = sum(found["wrong_tokens"] + found["lost_tokens"] for found in all_found)
    yield figure(f"{OFFERED} offered: wrong or lost tokens of the admitted", wrong, "", at_most=0)


class _Seen:
    def __init__(self) -> None:
        self.memory: list[int] = []
        self.connections: list[int] = []

    def growth(self) -> float | None:
        """From the first tenth of the samples to the last, as a share."""
        tenth = max(1, len(self.memory) // 10)
        if len(self.memory) < 3:
            return None
        first, last = sum(self.memory[:tenth]) / tenth, sum(self.memory[-tenth:]) / tenth
        return last / first - 1


@contextmanager
def _watched(made: Place, *, after_s: float, until_s: float) -> Iterator[_Seen]:
    """Memory and connections of the API, every two seconds while all streams run."""
    seen, stop = _Seen(), threading.Event()
    started = time.monotonic()

    def watch() -> None:
        while not stop.wait(2.0):
            if after_s <= time.monotonic() - started <= until_s:
                seen.memory.append(made.process.memory_info().rss)
                seen.connections.append(made.connections())

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield seen
    finally:
        stop.set()
        thread.join()
