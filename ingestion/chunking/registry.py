"""Chooses a chunker by name."""

from collections.abc import Callable

from ingestion.chunking.chunker import Chunker
from ingestion.chunking.fixed import FixedChunker
from ingestion.chunking.recursive import RecursiveChunker
from ingestion.chunking.semantic import SemanticChunker
from ingestion.chunking.sentence_window import SentenceWindowChunker
from ingestion.chunking.structured import HeadingChunker, PageChunker, TableChunker
from ingestion.embedding.embedder import Embedder
from ingestion.errors import IngestionError

_CHUNKERS: dict[str, Callable[..., Chunker]] = {
    "fixed": FixedChunker,
    "headings": HeadingChunker,
    "pages": PageChunker,
    "recursive": RecursiveChunker,
    "sentences": SentenceWindowChunker,
    "tables": TableChunker,
}
_SEMANTIC = "semantic"


def chunker_names() -> list[str]:
    """Every strategy, sorted."""
    return sorted([*_CHUNKERS, _SEMANTIC])


def make_chunker(name: str, embedder: Embedder, *, most_tokens: int, overlap_tokens: int) -> Chunker:
    """The chunker of a name. Tokens are counted by the embedder's tokenizer, so nothing is cut off by the model.

    Args:
        name: One of `chunker_names`.
        embedder: Counts tokens; `semantic` also compares sentences by it.
        most_tokens: Most tokens of a passage.
        overlap_tokens: Most tokens that a passage repeats of the one before.

    Raises:
        IngestionError: There is none of that name.
    """
    sizes = {"most_tokens": most_tokens, "overlap_tokens": overlap_tokens}
    if name == _SEMANTIC:
        return SemanticChunker(embedder.token_offsets, embed=embedder.embed, **sizes)
    if name not in _CHUNKERS:
        raise IngestionError(f"Unknown chunker `{name}`. Valid: {', '.join(chunker_names())}.")
    return _CHUNKERS[name](embedder.token_offsets, **sizes)
