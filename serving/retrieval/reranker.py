"""Reads question and passage together: slower than any search, and a better judge. Runs only when one is configured."""

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder


class Reranker(Protocol):
    """Scores passages for a question; higher is better, comparable within one question."""

    name: str

    def score(self, question: str, passages: Sequence[str]) -> list[float]:
        """One score for each passage, in their order."""
        ...


class CrossEncoderReranker:
    """A cross-encoder of sentence-transformers from a local folder. Safe to share between threads; calls take turns."""

    def __init__(self, folder: Path) -> None:
        self.name = folder.name
        self._folder = folder
        self._lock = threading.Lock()
        self._model: CrossEncoder | None = None

    def score(self, question: str, passages: Sequence[str]) -> list[float]:
        """One score for each passage, in their order.

        Raises:
            OSError: The folder holds no model.
        """
        if not passages:
            return []
        with self._lock:
            if self._model is None:
                from sentence_transformers import CrossEncoder

                self._model = CrossEncoder(str(self._folder), local_files_only=True)
            scores = self._model.predict([(question, passage) for passage in passages], show_progress_bar=False)
        return [float(score) for score in scores]
