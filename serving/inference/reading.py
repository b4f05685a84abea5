"""Reads passages for comparison: one pass of the model over a whole passage gives its sentences and their words vectors.

A word's vector knows the words around it, beyond its sentence too, so "It lasts 60 months" under the K5's heading is about
the K5. Passages that were read lately are kept in memory.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ingestion.embedding.embedder import Embedder
from ingestion.embedding.text import embedding_text
from ingestion.embedding.words import TextVectors
from serving.inference.provider import Evidence
from serving.inference.sentences import Sentence, split_sentences, table_header

# Some 120 kB each: 150 words of 384 half-precision numbers, and the sentences.
CACHED_PASSAGES = 1024

_MARKERS = 2
_Key = tuple[str, str, tuple[str, ...]]


@dataclass(frozen=True)
class ReadSentence:
    """A sentence as it is compared: float32[dimension], and float16[words, dimension] of its words; unit vectors."""

    sentence: Sentence
    vector: NDArray[np.float32]
    word_vectors: NDArray[np.float16]


@dataclass(frozen=True)
class ReadPassage:
    """A passage as it is compared: its sentences, and the words that no sentence holds, its headings': float16[words, dimension]."""

    sentences: tuple[ReadSentence, ...]
    other_word_vectors: NDArray[np.float16]


@dataclass(frozen=True)
class _Window:
    """A stretch of a passage that the model reads at once; `offset` is where the passage's `start` lies in `text`."""

    text: str
    offset: int
    start: int
    sentences: tuple[Sentence, ...]


class PassageReader:
    """Reads passages and remembers them. Safe to share between threads."""

    def __init__(self, embedder: Embedder, *, most_cached: int = CACHED_PASSAGES) -> None:
        self._embedder = embedder
        self._most_cached = most_cached
        self._cache: OrderedDict[_Key, ReadPassage] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._cache)

    def read(self, evidence: Sequence[Evidence]) -> list[ReadPassage]:
        """Each passage. Blocking: passages that were not read lately go through the model together."""
        keys = [(str(passage.chunk_id), passage.text, passage.heading_path) for passage in evidence]
        with self._lock:
            known = {key: self._cache[key] for key in keys if key in self._cache}
            for key in known:
                self._cache.move_to_end(key)
        fresh = {key: list(self._windows(key[1], key[2])) for key in dict.fromkeys(keys) if key not in known}
        vectors = iter(self._embedder.embed_words([window.text for found in fresh.values() for window in found]))
        for key, windows in fresh.items():
            known[key] = _joined([_read(window, next(vectors)) for window in windows], self._embedder.dimension)
        with self._lock:
            for key in fresh:
                self._cache[key] = known[key]
            while len(self._cache) > self._most_cached:
                self._cache.popitem(last=False)
        return [known[key] for key in keys]

    def _windows(self, text: str, heading_path: tuple[str, ...]) -> Iterator[_Window]:
        """The passage as it was embedded, headings first; in several parts where the model cannot see it at once."""
        sentences = split_sentences(text, table_header(heading_path))
        room = self._embedder.max_tokens
        starts = np.array([start for start, _ in self._embedder.token_offsets(text)])
        if len(starts) + _MARKERS <= room:
            whole = embedding_text(heading_path, text, count_tokens=self._embedder.count_tokens, room=room)
            yield _Window(whole, len(whole) - len(text), 0, tuple(sentences))
            return
        part: list[Sentence] = []
        for sentence in sentences:
            first = part[0].start if part else sentence.start
            tokens = np.searchsorted(starts, sentence.end) - np.searchsorted(starts, first)
            if part and tokens + _MARKERS > room:
                yield _Window(text[first : part[-1].end], 0, first, tuple(part))
                part = []
            part.append(sentence)
        if part:
            yield _Window(text[part[0].start : part[-1].end], 0, part[0].start, tuple(part))


def _read(window: _Window, vectors: TextVectors) -> ReadPassage:
    sentences = []
    is_other = np.ones(len(vectors.words), dtype=np.bool_)
    for sentence in window.sentences:
        start = sentence.start - window.start + window.offset
        inside = vectors.between(start, start + sentence.end - sentence.start)
        if sentence.header:
            # A row is read with its header: "K5 | 60 months" answers a question about a warranty.
            header = window.text.rfind(sentence.header, 0, start)
            if header >= 0:
                inside |= vectors.between(header, header + len(sentence.header))
        is_other &= ~inside
        words = vectors.word_vectors[inside]
        total = words.sum(axis=0) if len(words) else np.zeros_like(vectors.vector)
        vector = np.asarray(total / max(float(np.linalg.norm(total)), 1e-9), dtype=np.float32)
        sentences.append(ReadSentence(sentence, vector, words.astype(np.float16)))
    return ReadPassage(tuple(sentences), vectors.word_vectors[is_other].astype(np.float16))


def _joined(parts: Sequence[ReadPassage], dimension: int) -> ReadPassage:
    others = [part.other_word_vectors for part in parts] or [np.zeros((0, dimension), dtype=np.float16)]
    return ReadPassage(tuple(read for part in parts for read in part.sentences), np.concatenate(others))
