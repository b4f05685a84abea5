"""One in a hundred of 2,000 documents changes: what a second run costs. And what Dagster costs over a plain script."""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.figure import figure

DOCUMENTS = 2000
CHANGED = 20
RUNS = 5
DAGSTER_DOCUMENTS = 500
DAGSTER_RUNS = 3
_REPOSITORY = Path(__file__).parents[2]
# Both do the same: take the folder in, run the two suites, compare vector tables with Postgres. Importing is not timed.
_PLAIN = """
import sys, time
from pathlib import Path
from cli.environment import find_knowledge_base, workplace
from ingestion.batch import ingest_paths
from ingestion.embedding.embedder import default_embedder
from orchestration.checks import document_chunks, documents
from orchestration.checks.suites import run_suite
from storage.reconciler import verify
default_embedder().embed(["warm up"])
with workplace() as place:
    base = find_knowledge_base(place, "default", create=True)
    started = time.perf_counter()
    ingest_paths(place.stores, [Path(sys.argv[1])], organization_id=place.organization_id, knowledge_base_id=base)
    for checks, name in ((documents, "documents"), (document_chunks, "document_chunks")):
        run_suite(place.stores.settings, name=name, query=checks._QUERY, suite=checks._expectations)
    verify(place.stores, heal=False)
    print(time.perf_counter() - started)
"""
_DAGSTER = """
import sys
from pathlib import Path
from cli.environment import find_knowledge_base, workplace
from ingestion.embedding.embedder import default_embedder
from orchestration.run_job import run_ingest
default_embedder().embed(["warm up"])
with workplace() as place:
    find_knowledge_base(place, "default", create=True)
    seconds = run_ingest(
        place.stores.settings, organization_id=place.organization_id, knowledge_base="default", paths=[Path(sys.argv[1])]
    )
print(seconds)
"""


def measure(shared: Path) -> list[dict[str, Any]]:
    """Both comparisons, each in installations of its own; about ten minutes on two cores."""
    del shared  # its documents are written on the spot
    return [*_changed(), *_dagster()]


def _changed() -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory(prefix="pixel-bench-") as scratch, _installation() as run:
        folder = Path(scratch) / "docs"
        _write(folder, DOCUMENTS, seed=1)
        full = _summary(run("ingest", str(folder), "--json"))
        seconds, computed = [], []
        for number in range(RUNS):
            for changed in range(CHANGED):
                path = folder / f"{(number * CHANGED + changed) * 7 % DOCUMENTS:05}.md"
                path.write_text(path.read_text() + f"\n\nNote {number}: the price of part {changed} has changed.\n")
            again = _summary(run("ingest", str(folder), "--json"))
            seconds.append(again["seconds"])
            computed.append(again["embeddings_computed"] - again["ready"])
        ratios = [full["seconds"] / value for value in seconds]
    return [
        figure(f"{DOCUMENTS} documents, first run", full["seconds"], "s", runs=1, passages=full["passages"]),
        figure(
            f"{CHANGED} of {DOCUMENTS} changed: times faster than the first run", statistics.median(ratios), "x",
            at_least=20, spread=(min(ratios), max(ratios)), runs=RUNS, seconds=round(statistics.median(seconds), 3),
        ),
        figure("needless embeddings (more than the changed passages)", max(computed), "", at_most=0, runs=RUNS),
    ]  # fmt: skip


def _dagster() -> list[dict[str, Any]]:
    """The job that takes documents in and checks them, against a script that does both; they take turns."""
    plain, through = [], []
    for number in range(DAGSTER_RUNS):
        with tempfile.TemporaryDirectory(prefix="pixel-bench-") as scratch:
            folder = Path(scratch) / "docs"
            _write(folder, DAGSTER_DOCUMENTS, seed=100 + number)
            with _installation() as run:
                plain.append(float(run.python(_PLAIN, str(folder)).split()[-1]))
            with _installation() as run:
                through.append(float(run.python(_DAGSTER, str(folder)).split()[-1]))
    shares = [b / a - 1 for a, b in zip(plain, through, strict=True)]
    return [
        figure(
            f"{DAGSTER_DOCUMENTS} documents through Dagster: slower than a plain script by", statistics.median(shares), "",
            at_most=0.15, spread=(min(shares), max(shares)), runs=DAGSTER_RUNS,
            plain_seconds=round(statistics.median(plain), 2), dagster_seconds=round(statistics.median(through), 2),
        )
    ]  # fmt: skip


def _write(folder: Path, count: int, *, seed: int) -> None:
    """Documents of some 400 words each, all different, made of a small vocabulary."""
    chance = np.random.default_rng(seed)
    words = np.array(
        [f"{a}{b}" for a in ("price", "part", "pump", "valve", "order", "ship", "clean") for b in range(60)]
    )
    folder.mkdir()
    for number in range(count):
        body = "\n\n".join(" ".join(chance.choice(words, 80)) + "." for _ in range(5))
        (folder / f"{number:05}.md").write_text(f"# Part {seed}-{number}\n\n{body}\n")


class _Run:
    """Runs the command, or a piece of Python, inside one installation."""

    def __init__(self, home: Path) -> None:
        self._environment = {name: value for name, value in os.environ.items() if not name.startswith("PIXEL_")}
        self._environment |= {"PIXEL_HOME": str(home)}

    def __call__(self, *arguments: str) -> str:
        return self._do([sys.executable, "-m", "cli", *arguments])

    def python(self, script: str, *arguments: str) -> str:
        return self._do([sys.executable, "-c", script, *arguments])

    def _do(self, command: list[str]) -> str:
        done = subprocess.run(
            command, env=self._environment, cwd=_REPOSITORY, capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(command)[:200]} failed: {done.stderr[-2000:]}")
        return done.stdout


@contextmanager
def _installation() -> Iterator[_Run]:
    home = Path(tempfile.mkdtemp(prefix="pixel-bench-"))
    run = _Run(home)
    try:
        yield run
    finally:
        run("down")
        shutil.rmtree(home, ignore_errors=True)


def _summary(printed: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(printed.strip().splitlines()[-1])["summary"]
    return found
