"""Any sentence-transformers model that lies in a folder: no network, no pickles, no code of the model's own."""

import functools
import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ingestion.embedding.fingerprint import fingerprint_of
from ingestion.embedding.words import TextVectors, vectors_of_words
from ingestion.errors import ModelUnavailableError

_TEXTS_PER_BATCH = 32
_NAME_CHARACTERS = 80
_MOST_DIMENSIONS = 4096


class SentenceTransformerEmbedder:
    """A model of a folder, loaded when first needed. Safe to share between threads; calls of the model take turns."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.RLock()
        self._loaded: Any = None
        self._fingerprint = fingerprint_of(folder)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the model's files, in hex, as they were when this embedder was made."""
        return self._fingerprint

    @property
    def model(self) -> str:
        """The folder's name and the beginning of the fingerprint: two models never share a name."""
        return f"{self._folder.name[:_NAME_CHARACTERS]}@{self._fingerprint[:12]}"

    @property
    def dimension(self) -> int:
        """Numbers in a vector."""
        return int(self._transformer.get_embedding_dimension())

    @property
    def max_tokens(self) -> int:
        """Most tokens that the model reads."""
        return int(self._transformer.max_seq_length or self._transformer.tokenizer.model_max_length)

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of passages, float32[n, dimension], L2-normalized, in the order given."""
        return self._encode(self._transformer.encode_document, texts)

    def embed_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of questions, with the prompt that the model's settings have for them."""
        return self._encode(self._transformer.encode_query, texts)

    def embed_words(self, texts: Sequence[str]) -> list[TextVectors]:
        """The vector of each text, as `embed` gives it, and of each of its words where it stands.

        Raises:
            ModelUnavailableError: The model gives no vectors of tokens.
        """
        vectors = self.embed(texts)
        with self._lock:
            rows = self._transformer.encode(list(texts), output_value="token_embeddings", show_progress_bar=False)
        found = []
        for text, vector, tokens in zip(texts, vectors, rows, strict=True):
            if tokens.ndim != 2:
                raise ModelUnavailableError(f"Model `{self.model}` gives no vectors of tokens; use another for words.")
            seen = np.asarray(tokens.float().cpu().numpy(), dtype=np.float32)
            offsets, marks = self._offsets(text, special=True), len(self._special)
            inner = seen[1:-1] if marks else seen
            found.append(vectors_of_words(text, offsets[1:-1] if marks else offsets, inner, vector=vector))
        return found

    def count_tokens(self, text: str) -> int:
        """Tokens of a text as the model sees it, its marker tokens included."""
        return len(self._offsets(text, special=True))

    def token_offsets(self, text: str) -> list[tuple[int, int]]:
        """Start and end character of each token, without marker tokens."""
        return self._offsets(text, special=False)

    @functools.cached_property
    def _special(self) -> list[tuple[int, int]]:
        return self._offsets("", special=True)

    def _offsets(self, text: str, *, special: bool) -> list[tuple[int, int]]:
        tokenizer = self._transformer.tokenizer
        fast = getattr(tokenizer, "backend_tokenizer", tokenizer)  # a static model holds the fast tokenizer itself
        with self._lock:
            fast.no_truncation()
            return [(int(a), int(b)) for a, b in fast.encode(text, add_special_tokens=special).offsets]

    def _encode(self, encode: Any, texts: Sequence[str]) -> NDArray[np.float32]:
        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        with self._lock:
            found = encode(
                list(texts), batch_size=_TEXTS_PER_BATCH, normalize_embeddings=True, show_progress_bar=False,
                convert_to_numpy=True,
            )  # fmt: skip
        vectors = np.asarray(found, dtype=np.float32)
        if not np.isfinite(vectors).all():
            raise ModelUnavailableError(
                f"Model `{self.model}` gave vectors that are no numbers; its files are damaged. Copy the model again."
            )
        return vectors

    @property
    def _transformer(self) -> Any:
        if self._loaded is None:
            with self._lock:
                if self._loaded is None:
                    self._loaded = self._load()
        return self._loaded

    def _load(self) -> Any:
        for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_HUB_DISABLE_TELEMETRY"):
            os.environ.setdefault(name, "1")
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging

        logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        logging.set_verbosity_error()  # type: ignore[no-untyped-call]
        try:
            model = SentenceTransformer(
                str(self._folder), trust_remote_code=False, local_files_only=True,
                model_kwargs={"use_safetensors": True},
            ).eval()  # fmt: skip
        except Exception as error:
            raise ModelUnavailableError(
                f"The embedding model in `{self._folder}` could not be loaded ({type(error).__name__}). "
                "It must be a whole sentence-transformers folder with its weights as safetensors."
            ) from error
        # Between making the embedder and loading it somebody may have put another model there.
        if fingerprint_of(self._folder) != self._fingerprint:
            raise ModelUnavailableError(
                f"The files of the embedding model in `{self._folder}` changed while it was loaded. Try again."
            )
        dimension = model.get_embedding_dimension()
        if not dimension or dimension > _MOST_DIMENSIONS:
            raise ModelUnavailableError(
                f"The embedding model in `{self._folder}` gives {dimension} numbers; 1 to {_MOST_DIMENSIONS} are stored."
            )
        return model
