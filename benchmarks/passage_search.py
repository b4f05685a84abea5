"""The product's own searches over passages that are in no database: for fitting and measuring on question sets."""

import tempfile
import uuid
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from ingestion.embedding.embedder import default_embedder
from serving.retrieval import fusion
from serving.retrieval.fusion import Fused
from serving.retrieval.query import prepare
from serving.retrieval.settings import Fusion, Mode, RetrievalSettings
from serving.retrieval.weights import Corpus, vector_weight
from storage.analysis.analyzer import passage_terms, terms_key
from storage.lance.schema import TableSpec
from storage.lance.store import VectorStore
from storage.records.vector import Vector, VectorRow

_TABLE = "passages"


class PassageSearch:
    """An index of passages in a temporary folder; a context manager, which removes it."""

    def __init__(
        self,
        passages: Sequence[str],
        languages: Sequence[str | None],
        vectors: NDArray[np.float32],
        headings: Sequence[Sequence[str]] = (),
    ) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="pixel-passages-")
        self._store = VectorStore(str(Path(self._folder.name) / "lance"))
        self._model = default_embedder().model
        self._ids = [uuid.uuid5(uuid.NAMESPACE_OID, str(number)) for number in range(len(passages))]
        self._numbers = {key: number for number, key in enumerate(self._ids)}
        self._base = uuid.uuid4()
        rows = [
            VectorRow(key, self._base, vector, passage_terms(path, text, language), terms_key(language))
            for key, vector, text, language, path in zip(
                self._ids, vectors, passages, languages, headings or [()] * len(passages), strict=True
            )
        ]
        spec = TableSpec(_TABLE, self._model, vectors.shape[1])
        self._store.replace_version(spec, uuid.uuid4(), rows)
        self._store.compact(_TABLE)
        told = [language for language in languages if language is not None]
        counts = [default_embedder().count_tokens(text) for text in passages[:: max(1, len(passages) // 2000)]]
        self._corpus = Corpus(
            mean_tokens=float(np.mean(counts)), shares={code: told.count(code) / len(told) for code in set(told)}
        )

    def __enter__(self) -> "PassageSearch":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._folder.cleanup()

    def search(
        self, question: str, vector: Vector, *, mode: Mode = "hybrid", how: Fusion = "convex", limit: int = 100
    ) -> list[tuple[int, float]]:
        """Numbers of passages with their joint scores, best first, as the product's retrieval ranks them."""
        defaults = RetrievalSettings()
        depth = max(defaults.candidates, limit)
        query = prepare(question, self._corpus)
        by_vector = self._store.search(_TABLE, vector, limit=depth) if mode != "text" else []
        by_text = self._store.search_text(_TABLE, query.terms, limit=depth) if mode != "vector" else []
        weight = vector_weight(query.language, self._corpus, is_unspaced=query.is_unspaced, model=self._model)
        found: list[Fused]
        if mode != "hybrid":
            found = fusion.single(by_text if mode == "text" else by_vector, is_text=mode == "text")
        elif how == "convex":
            found = fusion.convex(by_vector, by_text, weight=weight, depth=depth)
        else:
            found = fusion.reciprocal_rank(by_vector, by_text, weight=0.5, constant=defaults.rank_constant)
        return [(self._numbers[one.chunk_id], one.score) for one in found[:limit]]
