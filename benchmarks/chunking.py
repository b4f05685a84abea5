"""`pixel bench chunking`: which way of cutting documents lets a search find the answer in the fewest tokens.

Documents are the 48 articles of XQuAD in English, German, Spanish and Chinese, questions its 1,190 in each. A passage answers when it
covers the marked answer's characters, so that strategies with passages of any size are compared by the same marks. Large
passages find more by their size alone; what counts is therefore the share of questions whose answer is within the first 1,000
tokens that a reader is given.
"""

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.figure import figure, machine
from benchmarks.shared_data import data_folder
from evals.metrics.proportion import proportion
from ingestion.chunking.chunker import Chunker
from ingestion.chunking.registry import chunker_names, make_chunker
from ingestion.embedding.embedder import default_embedder
from ingestion.embedding.text import embedding_text
from storage.records.parsed_document import Block, BlockKind, ParsedDocument

LANGUAGES = ("en", "de", "es", "zh")
BUDGET_TOKENS = 1000
SIZES = ((200, 30),)
MORE_SIZES = ((120, 20), (250, 30), (200, 0))
DEFAULT = "headings-200-30"


@dataclass(frozen=True)
class _Question:
    text: str
    document: int
    start: int
    end: int


@dataclass(frozen=True)
class _Found:
    """For one question: tokens read until its answer was covered, and the rank of the passage that did; or never."""

    tokens: int | None
    rank: int | None


def measure() -> dict[str, Any]:
    """Every strategy on every language; about five minutes on two cores."""
    folder = data_folder("xquad")
    embedder = default_embedder()
    wanted = [(name, *size) for name in chunker_names() for size in SIZES]
    wanted += [("headings", *size) for size in MORE_SIZES]
    chunkers = [make_chunker(n, embedder, most_tokens=m, overlap_tokens=o) for n, m, o in wanted]
    figures: list[dict[str, Any]] = []
    for language in LANGUAGES:
        documents, questions = _load(folder / f"xquad.{language}.json")
        vectors = embedder.embed([question.text for question in questions])
        for chunker in chunkers:
            figures += _figures(language, chunker, documents, questions, vectors)
    return {"name": "chunking", "machine": machine(), "figures": figures}


def _load(path: Path) -> tuple[list[ParsedDocument], list[_Question]]:
    """Each article as one document: its title as the heading, one block a paragraph."""
    documents: list[ParsedDocument] = []
    questions: list[_Question] = []
    for article in json.loads(path.read_text())["data"]:
        title = article["title"].replace("_", " ")
        text, blocks = title, [Block(kind=BlockKind.HEADING, char_start=0, char_end=len(title))]
        for paragraph in article["paragraphs"]:
            text += "\n\n"
            start = len(text)
            text += paragraph["context"]
            blocks.append(Block(kind=BlockKind.PARAGRAPH, char_start=start, char_end=len(text), heading_path=(title,)))
            for asked in paragraph["qas"]:
                at = start + asked["answers"][0]["answer_start"]
                questions.append(
                    _Question(asked["question"], len(documents), at, at + len(asked["answers"][0]["text"]))
                )
        documents.append(ParsedDocument(text=text, blocks=tuple(blocks)))
    return documents, questions


def _figures(
    language: str,
    chunker: Chunker,
    documents: Sequence[ParsedDocument],
    questions: Sequence[_Question],
    vectors: Any,
) -> Iterator[dict[str, Any]]:
    embedder = default_embedder()
    started = time.perf_counter()
    spans: list[tuple[int, int, int, int]] = []  # document, what is read from and to, its tokens
    texts: list[str] = []
    for number, document in enumerate(documents):
        for draft in chunker.chunk(document):
            texts.append(
                embedding_text(
                    draft.heading_path, draft.text, count_tokens=embedder.count_tokens, room=embedder.max_tokens
                )
            )
            # A sentence is found alone and read with its window; other passages are read as they are.
            is_window = chunker.name.startswith("sentences") and draft.parent is not None
            start, end = draft.parent if is_window and draft.parent else (draft.char_start, draft.char_end)
            tokens = len(embedder.token_offsets(document.text[start:end])) if is_window else draft.token_count
            spans.append((number, start, end, tokens))
    passages = embedder.embed(texts)
    seconds = time.perf_counter() - started
    found = [_search(question, scores, spans) for question, scores in zip(questions, vectors @ passages.T, strict=True)]
    within = proportion([f.tokens is not None and f.tokens <= BUDGET_TOKENS for f in found])
    first = proportion([f.rank == 1 for f in found])
    label = f"{chunker.name}, {language}"
    yield figure(
        f"{label}: answer within {BUDGET_TOKENS:,} tokens", within.value, "", spread=(within.low, within.high),
        runs=within.count, passages=len(spans), seconds=round(seconds, 1), is_default=chunker.name == DEFAULT,
        first_passage=first.value, mean_reciprocal_rank=round(float(np.mean([1 / f.rank if f.rank else 0 for f in found])), 4),
    )  # fmt: skip


def _search(question: _Question, scores: Any, spans: Sequence[tuple[int, int, int, int]]) -> _Found:
    read, seen = 0, set[tuple[int, int]]()
    for rank, index in enumerate(np.argsort(-scores)[:50], start=1):
        document, start, end, tokens = spans[int(index)]
        if (document, start) not in seen:  # two sentences of one window are read once
            seen.add((document, start))
            read += tokens
        if document == question.document and start <= question.start and question.end <= end:
            return _Found(read, rank)
    return _Found(None, None)
