"""Many passages, made from SciFact's: texts of two halves, vectors between those of both with some noise.

A hundred thousand real ones would take half an hour to embed; these are spread as real ones are, which is what a vector index
and a full-text index feel.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.retrieval.sets import JudgedSet
from benchmarks.retrieval.vectors import embedded

NOISE = 0.02


@dataclass(frozen=True)
class Mass:
    """Passages with vectors, float32[n, dimension] in half precision, and questions with theirs."""

    texts: list[str]
    vectors: NDArray[np.float32]
    questions: list[str]
    asked: NDArray[np.float32]


def make(judged: JudgedSet, count: int, *, with_texts: bool = True) -> Mass:
    """`count` passages; the same numbers give the same passages.

    Args:
        judged: Whose passages and questions they are made from.
        count: How many.
        with_texts: Make texts, too.
    """
    random = np.random.default_rng(7)
    base = embedded(judged.name, judged.passages)
    first, second = random.integers(0, len(base), (2, count))
    vectors = np.empty((count, base.shape[1]), np.float32)
    for at in range(0, count, 50_000):
        block = slice(at, at + 50_000)
        mixed = 0.8 * base[first[block]] + 0.4 * base[second[block]]
        mixed += random.normal(0, NOISE, mixed.shape).astype(np.float32)
        mixed /= np.linalg.norm(mixed, axis=1, keepdims=True)
        vectors[block] = mixed.astype(np.float16)
    texts = []
    if with_texts:
        words = [passage.split() for passage in judged.passages]
        texts = [
            " ".join(words[a][: len(words[a]) // 2] + words[b][len(words[b]) // 2 :])
            for a, b in zip(first.tolist(), second.tolist(), strict=True)
        ]
    asked = embedded(f"{judged.name}-questions", judged.questions)
    return Mass(texts, vectors, list(judged.questions), asked)


def exact(mass: Mass, questions: int, depth: int) -> list[set[int]]:
    """The numbers of the truly nearest passages of the first questions."""
    found: list[list[tuple[float, int]]] = [[] for _ in range(questions)]
    for at in range(0, len(mass.vectors), 100_000):
        scores = mass.asked[:questions] @ mass.vectors[at : at + 100_000].T
        for number, row in enumerate(scores):
            top = np.argpartition(-row, min(depth, len(row) - 1))[:depth]
            found[number] = sorted([*found[number], *((float(row[n]), at + int(n)) for n in top)], reverse=True)[:depth]
    return [{number for _, number in best} for best in found]
