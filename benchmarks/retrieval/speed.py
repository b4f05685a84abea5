"""How fast it finds among 100,000 and 1,000,000 passages, and how nearly what an exact scan finds."""

import asyncio
import json
import statistics
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.figure import figure, percentile
from benchmarks.peers import PeerMissingError, peer_python
from benchmarks.retrieval.installation import Installation
from benchmarks.retrieval.passages import Mass, exact, make
from benchmarks.retrieval.sets import JudgedSet
from serving.context import open_context
from serving.retrieval.service import retrieve
from serving.retrieval.settings import RetrievalSettings
from serving.settings import ServingSettings
from storage.lance.schema import TableSpec
from storage.lance.store import VectorStore
from storage.records.vector import VectorRow

QUESTIONS = 200
DEPTH = 10
RUNS = 5
MILLION = 1_000_000
VECTOR_PEERS = ("retrieval-vectors", ("chromadb==1.5.9", "qdrant-client==1.20.0", "faiss-cpu==1.15.1"))

Search = Callable[[Any], list[int]]


def whole_search(place: Installation, mass: Mass) -> Iterator[dict[str, Any]]:
    """The product's own retrieval, gate included, beside the embedding of the question."""
    found = asyncio.run(_retrievals(place, mass))
    beside = [total - stages["embed"] for total, stages in found]
    names = ("plan", "vector", "text", "gate", "refine")
    stages = {name: round(statistics.median(stages[name] for _, stages in found), 2) for name in names}
    yield figure("100,000 passages: search beside embedding, p50", statistics.median(beside), "ms", at_most=12, spread=(min(beside), max(beside)), runs=len(beside), stages_ms=stages)  # fmt: skip
    yield figure("100,000 passages: search beside embedding, p95", percentile(beside, 0.95), "ms", at_most=30, runs=len(beside))  # fmt: skip
    yield figure(
        "100,000 passages: embedding of the question, p50",
        statistics.median(stages["embed"] for _, stages in found),
        "ms",
    )


async def _retrievals(place: Installation, mass: Mass) -> list[tuple[float, dict[str, float]]]:
    context = open_context(place.settings, ServingSettings(_env_file=None))
    settings, found = RetrievalSettings(limit=DEPTH), []
    try:
        context.vectors.load(place.index().table_name)
        for number in range(QUESTIONS + 20):
            started = time.perf_counter()
            retrieval = await retrieve(
                context,
                place.organization_id,
                mass.questions[number % len(mass.questions)],
                knowledge_base_ids=[place.knowledge_base_id],
                settings=settings,
            )
            if number >= 20:  # the first ones warm caches up
                found.append(((time.perf_counter() - started) * 1000, retrieval.latencies_ms))
    finally:
        await context.close()
    return found


def vector_search(place: Installation, mass: Mass) -> Iterator[dict[str, Any]]:
    """Vector search alone, one question after another, against others at equal recall."""
    truth = exact(mass, QUESTIONS, DEPTH)
    table = place.index().table_name
    numbers = {uuid.uuid5(uuid.NAMESPACE_OID, f"bench-{n}"): n for n in range(len(mass.vectors))}
    place.stores.vectors.load(table)

    def ours(vector: Any) -> list[int]:
        return [numbers[hit.chunk_id] for hit in place.stores.vectors.search(table, vector, limit=DEPTH)]

    recall, rates = _timed(ours, mass, truth)
    rate = statistics.median(rates)
    yield figure("100,000 passages: recall@10 against exact", recall, "", at_least=0.99, questions=QUESTIONS)
    yield figure("100,000 passages: vector searches a second", rate, "1/s", spread=(min(rates), max(rates)), runs=RUNS)
    peer_recall, peer_rate = _lance_ivf_pq(mass, truth, recall)
    yield _against("LanceDB IVF-PQ at equal recall", rate, peer_rate, peer_recall, at_least=3.0)
    for name, (other_recall, other_rate) in _peers(mass, truth).items():
        goal = 1.0 if name == "chroma" else None
        yield _against(name, rate, other_rate, other_recall, at_least=goal)


def _timed(search: Search, mass: Mass, truth: list[set[int]]) -> tuple[float, list[float]]:
    """Recall, and searches a second in each of the runs."""
    hits, rates = 0, []
    for run in range(RUNS + 1):
        started = time.perf_counter()
        found = [search(mass.asked[number]) for number in range(QUESTIONS)]
        if run:  # the first warms caches up
            rates.append(QUESTIONS / (time.perf_counter() - started))
        hits = sum(len(truth[number] & set(row)) for number, row in enumerate(found))
    return hits / (DEPTH * QUESTIONS), rates


def _lance_ivf_pq(mass: Mass, truth: list[set[int]], wanted: float) -> tuple[float, float]:
    """LanceDB's default index, refined until its recall is ours (or as near as it comes)."""
    import lancedb
    import pyarrow as pa
    from lancedb.index import IvfPq

    with tempfile.TemporaryDirectory(prefix="pixel-ivfpq-") as folder:
        vectors = pa.FixedSizeListArray.from_arrays(pa.array(mass.vectors.ravel()), mass.vectors.shape[1])
        rows = pa.table({"number": list(range(len(mass.vectors))), "vector": vectors})
        table = lancedb.connect(folder).create_table("peer", rows)
        table.create_index("vector", config=IvfPq(distance_type="cosine"))
        best = (0.0, 0.0)
        for refine, probes in ((10, 20), (20, 20), (50, 20), (50, 50), (100, 50), (100, 100)):

            def search(vector: Any, refine: int = refine, probes: int = probes) -> list[int]:
                scan: Any = table.search(vector)
                query = scan.distance_type("cosine").refine_factor(refine).nprobes(probes)
                numbers: list[int] = query.select(["number", "_distance"]).limit(DEPTH).to_arrow()["number"].to_pylist()
                return numbers

            recall, rates = _timed(search, mass, truth)
            best = (recall, statistics.median(rates))
            if recall >= wanted - 0.001:
                break
    return best


def _peers(mass: Mass, truth: list[set[int]]) -> dict[str, tuple[float, float]]:
    python = peer_python(*VECTOR_PEERS)
    with tempfile.TemporaryDirectory(prefix="pixel-peers-") as folder:
        given = Path(folder) / "given.npz"
        np.savez(given, vectors=mass.vectors, asked=mass.asked[:QUESTIONS])
        script = Path(__file__).parents[1] / "peer_scripts" / "vector_peers.py"
        command = [str(python), str(script), str(given), str(DEPTH), str(RUNS)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
        if done.returncode != 0:
            raise PeerMissingError(f"The vector peers failed: {done.stderr.strip().splitlines()[-1:]}")
    found = {}
    for name, result in json.loads(done.stdout.splitlines()[-1]).items():
        hits = sum(len(truth[number] & set(row)) for number, row in enumerate(result["found"]))
        found[name] = (hits / (DEPTH * QUESTIONS), statistics.median(result["rates"]))
    return found


def _against(peer: str, rate: float, other: float, recall: float, *, at_least: float | None) -> dict[str, Any]:
    ratio = rate / other if other else 0.0
    return figure(f"100,000 passages: searches a second against {peer}", ratio, "", at_least=at_least) | {
        "peer": peer, "peer_value": round(other, 1), "ratio": round(ratio, 3), "peer_recall": round(recall, 4),
    }  # fmt: skip


def a_million(judged: JudgedSet) -> Iterator[dict[str, Any]]:
    """The same at a million passages: recall, time of a search, time to take the table into memory."""
    mass = make(judged, MILLION, with_texts=False)
    truth = exact(mass, QUESTIONS, DEPTH)
    keys = [uuid.UUID(int=n) for n in range(MILLION)]
    spec = TableSpec("million", "all-MiniLM-L6-v2", mass.vectors.shape[1])
    with tempfile.TemporaryDirectory(prefix="pixel-million-") as folder:
        store = VectorStore(folder, memory_mb=4096)
        version, base = uuid.uuid4(), uuid.uuid4()
        for at in range(0, MILLION, 50_000):
            rows = [VectorRow(keys[n], base, mass.vectors[n], "", "1:en") for n in range(at, at + 50_000)]
            store.add_rows(spec, version, rows)
        started = time.perf_counter()
        store.load(spec.name)
        seconds = time.perf_counter() - started
        recall, rates = _timed(
            lambda vector: [hit.chunk_id.int for hit in store.search(spec.name, vector, limit=DEPTH)], mass, truth
        )
    yield figure("1,000,000 passages: recall@10 against exact", recall, "", at_least=0.99, questions=QUESTIONS)
    yield figure("1,000,000 passages: vector search", 1000 / statistics.median(rates), "ms", runs=RUNS)
    yield figure("1,000,000 passages: taken into memory in", seconds, "s", runs=1)
