"""Rows of a vector table and what a search returns."""

import uuid
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class VectorRow:
    """One chunk in a vector table: `vector` is float32[dimension].

    `terms` is what full-text search compares (`storage.analysis.analyzer.passage_terms`), `terms_key` says what made them.
    """

    chunk_id: uuid.UUID
    knowledge_base_id: uuid.UUID
    vector: Vector
    terms: str
    terms_key: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A chunk that may answer, with its score in one search; the read gate decides whether it may be shown.

    The score is the cosine similarity in a vector search, BM25 in a full-text search.
    """

    chunk_id: uuid.UUID
    score: float


def vector_to_bytes(vector: Vector) -> bytes:
    """The stored form: little-endian float16[dimension]."""
    return vector.astype("<f2").tobytes()


def vector_from_bytes(stored: bytes) -> Vector:
    """The indexed form of stored bytes: float32[dimension], equal on every machine."""
    return np.frombuffer(stored, dtype="<f2").astype(np.float32)
