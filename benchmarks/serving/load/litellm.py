"""The same load through LiteLLM's proxy, in its own environment: what does each add to an answer, and how much can it take?"""

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2

from benchmarks.figure import figure, percentile
from benchmarks.peers import peer_python
from benchmarks.serving.load.place import Place, free_port, place, read_in_own_process
from benchmarks.serving.load.readers import Plan

RATE, SECONDS, ROUNDS = 100, 10, 5
_STEPS = (10, 15, 20, 25, 30, 35, 40, 50, 60, 70, 80, 100, 125, 150, 200, 300)
_KEY = "sk-bench"


def measure() -> Iterator[dict[str, Any]]:
    """Added latency at 100 requests a second, then the highest rate that each keeps up with."""
    python = peer_python("litellm", ("litellm[proxy]",))
    with place() as made, _proxy(python, made) as port:
        ours = made.plan(tokens=5, rate=0.0)
        theirs = Plan(
            **{**vars(ours), "port": port, "model": "numbered", "headers": {"authorization": f"Bearer {_KEY}"}}
        )
        yield from _added(made, ours, theirs)
        yield from _sustained(ours, theirs)


def _added(made: Place, ours: Plan, theirs: Plan) -> Iterator[dict[str, Any]]:
    direct = _latencies(made.direct(ours), RATE)
    base = percentile(direct, 0.5)
    rounds = [(_latencies(ours, RATE), _latencies(theirs, RATE)) for _ in range(ROUNDS)]
    for share, name in ((0.5, "p50"), (0.99, "p99")):
        mine = sorted(percentile(one, share) - base for one, _ in rounds)
        peer = sorted(percentile(other, share) - base for _, other in rounds)
        middle, their_middle = mine[ROUNDS // 2], peer[ROUNDS // 2]
        yield figure(
            f"added latency at {RATE} requests/s, {name}, against LiteLLM", middle / their_middle, "", at_most=0.5,
            spread=(mine[0] / peer[-1], mine[-1] / peer[0]), runs=ROUNDS, ours_ms=round(middle * 1000, 2),
        ) | {"peer": "LiteLLM proxy", "peer_value": round(their_middle * 1000, 2), "ratio": round(middle / their_middle, 3)}  # fmt: skip


def _sustained(ours: Plan, theirs: Plan) -> Iterator[dict[str, Any]]:
    mine, peer = _highest(ours), _highest(theirs)
    yield figure("sustainable rate against LiteLLM", mine / peer if peer else None, "", at_least=2, ours=mine) | {
        "peer": "LiteLLM proxy", "peer_value": peer,
    }  # fmt: skip


def _highest(plan: Plan) -> int:
    """The highest rate at which nothing fails and the slowest percent waits under a second."""
    best = 0
    for rate in _STEPS:
        found = _read(plan, rate, 6)
        if found["finished"] < rate * 6 or percentile(found["first_s"], 0.99) > 1.0:
            break
        best = rate
    return best


def _latencies(plan: Plan, rate: int) -> list[float]:
    found: list[float] = _read(plan, rate, SECONDS)["first_s"]
    return found


def _read(plan: Plan, rate: int, seconds: int) -> dict[str, Any]:
    return read_in_own_process(
        Plan(**{**vars(plan), "streams": rate * seconds, "start_over_s": float(seconds), "timeout_s": 30.0})
    )


@contextmanager
def _proxy(python: Path, made: Place) -> Iterator[int]:
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "config.yaml"
        config.write_text(
            "model_list:\n  - model_name: numbered\n    litellm_params:\n      model: openai/numbered\n"
            f"      api_base: http://127.0.0.1:{made.upstream_port}/v1\n      api_key: none\n"
            f"general_settings:\n  master_key: {_KEY}\nlitellm_settings:\n  telemetry: false\n"
        )
        environment = {**os.environ, "LITELLM_LOCAL_MODEL_COST_MAP": "True", "DO_NOT_TRACK": "1"}
        process = subprocess.Popen(
            [str(python.with_name("litellm")), "--config", str(config), "--host", "127.0.0.1", "--port", str(port), "--telemetry", "False"],
            env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            deadline = time.monotonic() + 120
            while time.monotonic() < deadline:
                try:
                    if httpx2.get(f"http://127.0.0.1:{port}/health/liveliness", timeout=2).status_code == 200:
                        break
                except httpx2.HTTPError:
                    time.sleep(0.5)
            yield port
        finally:
            process.kill()
            process.wait()
