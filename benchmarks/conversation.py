"""`pixel bench conversation`: follow-up questions made to stand alone, what that finds, what it leaves alone, and its time.

Rules only, no model: a bot with a model asks that one, and falls back to these.
"""

import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from benchmarks.figure import figure, machine, percentile
from benchmarks.ingestion.reading import sandbox
from benchmarks.passage_search import PassageSearch
from evals.datasets.follow_ups import FollowUpSample, load_follow_ups
from ingestion.chunk_settings import ChunkSettings
from ingestion.embedding.embedder import default_embedder
from ingestion.embedding.text import embedding_text
from ingestion.language.identification import identify_language
from ingestion.settings import IngestSettings
from serving.conversations.memory.recall import Recalled, RecalledTurn
from serving.conversations.memory.standalone import standalone
from serving.conversations.memory.topics import meanings

EXAMPLES = Path(__file__).parents[1] / "examples"
SHOWN = 5
LEAST_UNCHANGED = 0.98
MOST_MS = 30.0
_RUNS = 5
_TURNS = 40


def measure() -> dict[str, Any]:
    """Everything; a minute on two cores."""
    samples = load_follow_ups()
    figures = [*_untouched(), *_found(samples), *_time(samples)]
    return {"name": "conversation", "machine": machine(), "figures": figures}


def _untouched() -> Iterator[dict[str, Any]]:
    """Questions that stand alone, each after the three before it in the file, and after the follow-ups' own topics."""
    asked = [entry["question"] for entry in yaml.safe_load((EXAMPLES / "questions.yaml").read_text())]
    kept = [
        not standalone(
            question, asked[max(0, place - 3) : place] or asked[-3:], embedder=default_embedder()
        ).is_rewritten
        for place, question in enumerate(asked)
    ]
    yield figure(
        "questions that stand alone left as they are", sum(kept) / len(kept), "", at_least=LEAST_UNCHANGED, of=len(kept)
    )


def _found(samples: Sequence[FollowUpSample]) -> Iterator[dict[str, Any]]:
    embedder = default_embedder()
    passages = list(_passages({sample.document for sample in samples} | _others()))
    vectors = embedder.embed([shown for _, _, shown in passages])
    languages = [identify_language(text).language for _, text, _ in passages]
    with PassageSearch([text for _, text, _ in passages], languages, vectors) as index:

        def hits(question_of: Callable[[FollowUpSample], str], language: str | None = None) -> list[bool]:
            return [
                any(
                    passages[number][0] == sample.document and sample.answer in passages[number][1]
                    for number, _ in index.search(asked, embedder.embed_query(asked), limit=SHOWN)
                )
                for sample in samples
                if language in (None, sample.language)
                for asked in [question_of(sample)]
            ]

        plain, rewritten = hits(lambda sample: sample.question), hits(_rewritten)
        yield _share("hit@5 of follow-ups as typed", plain)
        yield _share("hit@5 of follow-ups made to stand alone", rewritten, as_typed=round(sum(plain) / len(plain), 4))
        for language in sorted({sample.language for sample in samples}):
            found = hits(_rewritten, language)
            before = hits(lambda sample: sample.question, language)
            yield _share(f"hit@5 made to stand alone, {language}", found, as_typed=round(sum(before) / len(before), 4))
    changed = [_rewritten(sample) != sample.question for sample in samples]
    yield _share("follow-ups recognised", changed)


def _rewritten(sample: FollowUpSample) -> str:
    return standalone(sample.question, sample.before, embedder=default_embedder()).question


def _share(name: str, found: Sequence[bool], **more: Any) -> dict[str, Any]:
    return figure(name, sum(found) / len(found), "", of=len(found), **more)


def _passages(names: set[str]) -> Iterator[tuple[str, str, str]]:
    """Document, text with runs of white space as one space, and what is embedded, as the product cuts them."""
    embedder = default_embedder()
    chunker = ChunkSettings.of_settings(IngestSettings(_env_file=None)).make()
    with sandbox() as parsers:
        for name in sorted(names):
            document = parsers.parse(EXAMPLES / "documents" / name, name=name)
            for draft in chunker.chunk(document):
                text = " ".join(draft.text.split())
                room = embedder.max_tokens
                shown = embedding_text(draft.heading_path, draft.text, count_tokens=embedder.count_tokens, room=room)
                yield name, text, shown


def _others() -> set[str]:
    """Every document of text or Markdown: what must not be found instead."""
    return {path.name for path in (EXAMPLES / "documents").iterdir() if path.suffix in (".md", ".txt")}


def _time(samples: Sequence[FollowUpSample]) -> Iterator[dict[str, Any]]:
    """Choosing the window and rewriting, nothing kept from the conversation before: the worst case of a process."""
    embedder = default_embedder()
    text = "The Model K2 grinder carries a warranty of 36 months, and return shipping is free for members. " * 3
    recalled = Recalled(tuple(RecalledTurn(uuid.uuid4(), "assistant", f"{place} {text}") for place in range(_TURNS)))
    meanings(["warm up"], embedder)
    runs: list[list[float]] = []
    for run in range(_RUNS):
        times = []
        for sample in samples:
            before = [f"{question} {run}" for question in (*sample.before, "Which payment methods are accepted?")]
            started = time.perf_counter()
            recalled.window(embedder.count_tokens)
            standalone(sample.question, before, embedder=embedder)
            times.append((time.perf_counter() - started) * 1000)
        runs.append(times)
    p95 = sorted(percentile(times, 0.95) for times in runs)
    yield figure(
        "memory and rewriting p95", p95[len(p95) // 2], "ms", at_most=MOST_MS, spread=(p95[0], p95[-1]), runs=_RUNS
    )
