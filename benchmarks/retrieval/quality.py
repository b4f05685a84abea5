"""How well it finds: nDCG and hits of our three modes, of BM25, of the embedding model alone, of LanceDB's default hybrid."""

import json
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.figure import figure
from benchmarks.passage_search import PassageSearch
from benchmarks.peers import PeerMissingError, peer_python
from benchmarks.retrieval.sets import LANGUAGES, JudgedSet, scifact, xquad
from benchmarks.retrieval.vectors import embedded
from evals.metrics.paired import paired_difference
from evals.metrics.ranking import hit_at, ndcg_at

DEPTH = 100
BM25_PEER = ("retrieval-bm25", ("bm25s==0.3.16", "PyStemmer==3.1.0"))
_STEMMERS = {"en": "english", "de": "german", "es": "spanish", "zh": ""}

Ranking = list[list[int]]  # for each question, numbers of documents, best first


def measure() -> Iterator[dict[str, Any]]:
    """All figures about quality; minutes on the first run, which embeds SciFact."""
    yield from _scifact()
    for language in LANGUAGES:
        yield from _xquad(language)


def _scifact() -> Iterator[dict[str, Any]]:
    judged = scifact()
    ours = _ours(judged)
    alone = _whole_documents(judged)
    words = _bm25(judged, "english")
    scores = {name: _ndcg(judged, ranking) for name, ranking in ours.items()}
    hybrid, best = scores["hybrid"], max(scores["vector"].mean(), scores["text"].mean())
    note = "train judgements, on which the weights were chosen; the test judgements are not given"
    yield _figure("scifact: nDCG@10, hybrid", hybrid, at_least=0.73, judged_by=note)
    yield _against("scifact: nDCG@10 against BM25", hybrid, _ndcg(judged, words), "bm25s", at_least=1.08)
    yield _against(
        "scifact: nDCG@10 against MiniLM alone", hybrid, _ndcg(judged, alone), "all-MiniLM-L6-v2", at_least=1.13
    )
    yield _against(
        "scifact: nDCG@10 against LanceDB's hybrid",
        hybrid,
        _ndcg(judged, _lance_default(judged)),
        "lancedb",
        at_least=1.0,
    )
    yield _figure("scifact: nDCG@10, reciprocal rank fusion", scores["reciprocal rank"])
    yield figure("scifact: hybrid against our better single search", float(hybrid.mean() / best), "", at_least=1.0)


def _xquad(language: str) -> Iterator[dict[str, Any]]:
    judged = xquad(language)
    ours = _ours(judged)
    words = _hits(judged, _bm25(judged, _STEMMERS[language]), 1)
    first = {name: _hits(judged, ranking, 1) for name, ranking in ours.items()}
    if language == "zh":
        yield _figure("xquad zh: hit@5, hybrid", _hits(judged, ours["hybrid"], 5), at_least=0.90)
        yield _figure("xquad zh: hit@1, hybrid", first["hybrid"])
    else:
        yield _against(f"xquad {language}: hit@1 against BM25", first["hybrid"], words, "bm25s", at_least=1.0)
    best = max(first["vector"].mean(), first["text"].mean())
    yield figure(
        f"xquad {language}: hybrid against our better single search",
        float(first["hybrid"].mean() / best),
        "",
        at_least=1.0,
    )


def _ours(judged: JudgedSet) -> dict[str, Ranking]:
    vectors = embedded(judged.name.replace(" ", "-"), judged.passages)
    asked = embedded(f"{judged.name.replace(' ', '-')}-questions", judged.questions)
    found: dict[str, Ranking] = {}
    with PassageSearch(judged.passages, judged.languages, vectors) as index:
        for name, options in (
            ("vector", {"mode": "vector"}),
            ("text", {"mode": "text"}),
            ("hybrid", {"mode": "hybrid"}),
            ("reciprocal rank", {"mode": "hybrid", "how": "reciprocal_rank"}),
        ):
            arguments: dict[str, Any] = dict(options)
            found[name] = [
                _documents(judged, [n for n, _ in index.search(question, vector, limit=DEPTH, **arguments)])
                for question, vector in zip(judged.questions, asked, strict=True)
            ]
    return found


def _documents(judged: JudgedSet, passages: Sequence[int]) -> list[int]:
    return list(dict.fromkeys(judged.owners[number] for number in passages))


def _whole_documents(judged: JudgedSet) -> Ranking:
    """The embedding model alone, as it is commonly used: one vector for a whole document, what is too long cut off."""
    vectors = embedded(f"{judged.name}-whole", judged.documents)
    asked = embedded(f"{judged.name}-questions", judged.questions)
    return [np.argsort(-row)[:DEPTH].tolist() for row in asked @ vectors.T]


def _bm25(judged: JudgedSet, stemmer: str) -> Ranking:
    """bm25s with its default method, k1 1.5 and b 0.75, with stop words and stemmer where it has them; whole documents."""
    python = peer_python(*BM25_PEER)
    with tempfile.TemporaryDirectory(prefix="pixel-bm25-") as folder:
        given = Path(folder) / "given.json"
        given.write_text(
            json.dumps(
                {"documents": judged.documents, "questions": judged.questions, "stemmer": stemmer, "depth": DEPTH}
            )
        )
        script = Path(__file__).parents[1] / "peer_scripts" / "bm25_rank.py"
        done = subprocess.run([str(python), str(script), str(given)], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise PeerMissingError(f"bm25s failed: {done.stderr.strip().splitlines()[-1:]}")
        ranking: Ranking = json.loads(done.stdout)
    return ranking


def _lance_default(judged: JudgedSet) -> Ranking:
    """LanceDB as its documentation shows it: default full-text index, vector scan, reciprocal rank reranker."""
    import lancedb
    import pyarrow as pa
    from lancedb.index import FTS
    from lancedb.rerankers import RRFReranker

    vectors = embedded(judged.name, judged.passages)
    asked = embedded(f"{judged.name}-questions", judged.questions)
    with tempfile.TemporaryDirectory(prefix="pixel-lance-") as folder:
        rows = pa.table(
            {
                "number": list(range(len(judged.passages))),
                "text": list(judged.passages),
                "vector": pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), vectors.shape[1]),
            }
        )
        table = lancedb.connect(folder).create_table("peer", rows)
        table.create_index("text", config=FTS())
        reranker, found = RRFReranker(), []
        for question, vector in zip(judged.questions, asked, strict=True):
            search = table.search(query_type="hybrid").vector(vector).text(question).rerank(reranker)
            found.append(_documents(judged, search.limit(DEPTH).to_arrow()["number"].to_pylist()))
    return found


def _ndcg(judged: JudgedSet, ranking: Ranking) -> Any:
    return np.array(
        [
            ndcg_at([float(n in relevant) for n in found], [1.0] * len(relevant), 10)
            for found, relevant in zip(ranking, judged.relevant, strict=True)
        ]
    )


def _hits(judged: JudgedSet, ranking: Ranking, depth: int) -> Any:
    return np.array(
        [
            hit_at([float(n in relevant) for n in found], depth)
            for found, relevant in zip(ranking, judged.relevant, strict=True)
        ],
        dtype=float,
    )


def _figure(name: str, values: Any, *, at_least: float | None = None, **more: Any) -> dict[str, Any]:
    interval = paired_difference(values.tolist(), [0.0] * len(values))
    return figure(
        name,
        float(values.mean()),
        "",
        at_least=at_least,
        spread=(interval.low, interval.high),
        questions=len(values),
        **more,
    )


def _against(name: str, values: Any, others: Any, peer: str, *, at_least: float) -> dict[str, Any]:
    ratio = float(values.mean() / others.mean())
    difference = paired_difference(values.tolist(), others.tolist())
    return figure(
        name, ratio, "", at_least=at_least, value_of_ours=round(float(values.mean()), 4),
        paired_difference=[round(difference.low, 4), round(difference.high, 4)], questions=len(values),
    ) | {"peer": peer, "peer_value": round(float(others.mean()), 4), "ratio": round(ratio, 4)}  # fmt: skip
