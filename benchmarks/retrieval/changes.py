"""Changed and broken under load: promotion, going back, another model, a lost vector folder, a restore."""

import asyncio
import shutil
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.figure import figure
from benchmarks.retrieval.installation import Installation
from benchmarks.retrieval.passages import Mass
from evals.gates.run import run_gates
from ingestion.index_builds.build import build, create_index_version
from ingestion.index_builds.promotion import promote, rollback
from ingestion.index_builds.request import BuildRequest
from serving.context import open_context
from serving.errors import ApiError
from serving.retrieval.service import retrieve
from serving.retrieval.settings import RetrievalSettings
from serving.settings import ServingSettings
from storage.backup.drill import drill
from storage.reconciler import verify
from storage.stores import open_stores

ROUNDS = 5
REBUILD_QUESTIONS = 1000
_ASKERS = 2


def promotion(place: Installation, mass: Mass) -> Iterator[dict[str, Any]]:
    """Build a second version from the stored embeddings, then flip to and fro while questions are asked."""
    place.index()
    index = create_index_version(place.stores, place.organization_id, BuildRequest())
    started = time.monotonic()
    build(place.stores, place.organization_id, index.number)
    built = time.monotonic() - started
    started = time.monotonic()
    record = run_gates(place.settings, place.organization_id, index.number)
    gated = time.monotonic() - started
    yield figure("index version: built beside the live one in", built, "s", runs=1)
    yield figure("index version: gates run in", gated, "s", runs=1, not_passed=list(record.not_passed))
    forth: list[float] = []
    back: list[float] = []
    with _asking(place, mass) as asked:
        for _ in range(ROUNDS):
            forth.append(_seconds(lambda: promote(place.stores, place.organization_id, index.number)))
            # The version that is left becomes a candidate again; what its gates found still holds.
            back.append(_seconds(lambda: rollback(place.stores, place.organization_id)))
    yield figure("promote under load", statistics.median(forth), "s", at_most=5, spread=(min(forth), max(forth)), runs=ROUNDS)  # fmt: skip
    yield figure("roll back under load", statistics.median(back), "s", at_most=5, spread=(min(back), max(back)), runs=ROUNDS)  # fmt: skip
    yield figure("failed questions meanwhile", asked.failed, "", at_most=0, asked=asked.answered)


def another_model(place: Installation, mass: Mass, folder: Path) -> Iterator[dict[str, Any]]:
    """Change the embedding model while questions are asked.

    Args:
        place: An installation with a few thousand passages.
        mass: Its passages.
        folder: Another sentence-transformers model.
    """
    with _asking(place, mass) as asked:
        index = create_index_version(place.stores, place.organization_id, BuildRequest(model=str(folder)))
        started = time.monotonic()
        build(place.stores, place.organization_id, index.number)
        seconds = time.monotonic() - started
        record = run_gates(place.settings, place.organization_id, index.number)
        is_promoted = not record.not_passed
        if is_promoted:
            promote(place.stores, place.organization_id, index.number)
            time.sleep(3)  # questions go on with the new model
    yield figure(
        "another embedding model under load: failed questions", asked.failed, "", at_most=0, asked=asked.answered,
        build_seconds=round(seconds, 1), is_promoted=is_promoted, gates_not_passed=list(record.not_passed),
    )  # fmt: skip


def rebuild(place: Installation, mass: Mass) -> Iterator[dict[str, Any]]:
    """Delete the whole vector folder; what is found afterwards must be what was found before."""
    before = asyncio.run(_answers(place, mass, REBUILD_QUESTIONS))
    shutil.rmtree(place.settings.lance_uri)
    stores = open_stores(place.settings)
    try:
        seconds = _seconds(lambda: verify(stores, heal=True, organization_id=place.organization_id))
        stores.vectors.compact(place.index().table_name)
    finally:
        stores.close()
    after = asyncio.run(_answers(place, mass, REBUILD_QUESTIONS))
    same = sum(one == other for one, other in zip(before, after, strict=True))
    yield figure("vector folder deleted: questions with the same first 10", same / len(before), "", at_least=1.0, questions=len(before))  # fmt: skip
    yield figure("vector folder deleted: rebuilt in", seconds, "s", runs=1)


def restore(place: Installation, folder: Path) -> Iterator[dict[str, Any]]:
    """Back up, restore into a scratch installation, compare."""
    done = drill(place.stores, folder)
    yield figure(
        "restore drill: recovery time", done.recovery_seconds, "s", at_most=300, runs=1, is_passed=done.is_passed
    )


class _Asked:
    def __init__(self) -> None:
        self.answered = 0
        self.failed = 0


@contextmanager
def _asking(place: Installation, mass: Mass) -> Iterator[_Asked]:
    """Questions, one after another in each of some threads, until the block ends."""
    stop, asked = threading.Event(), _Asked()

    async def ask(first: int) -> None:
        context = open_context(place.settings, ServingSettings(_env_file=None))
        try:
            number = first
            while not stop.is_set():
                try:
                    found = await _retrieve(place, context, mass.questions[number % len(mass.questions)])
                    asked.failed += not found
                except ApiError:
                    asked.failed += 1
                asked.answered += 1
                number += _ASKERS
                await asyncio.sleep(0.02)
        finally:
            await context.close()

    threads = [threading.Thread(target=lambda n=n: asyncio.run(ask(n))) for n in range(_ASKERS)]
    for thread in threads:
        thread.start()
    time.sleep(2)
    try:
        yield asked
    finally:
        stop.set()
        for thread in threads:
            thread.join()


async def _retrieve(place: Installation, context: Any, question: str) -> list[Any]:
    found = await retrieve(
        context, place.organization_id, question, knowledge_base_ids=[place.knowledge_base_id],
        settings=RetrievalSettings(limit=10),
    )  # fmt: skip
    return [passage.chunk_id for passage in found.passages]


async def _answers(place: Installation, mass: Mass, count: int) -> list[list[Any]]:
    context = open_context(place.settings, ServingSettings(_env_file=None))
    try:
        context.vectors.load(place.index().table_name)
        return [await _retrieve(place, context, mass.questions[n % len(mass.questions)]) for n in range(count)]
    finally:
        await context.close()


def _seconds(action: Callable[[], object]) -> float:
    started = time.monotonic()
    action()
    return time.monotonic() - started
