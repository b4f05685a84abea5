"""Chooses a chunker by name."""

from ingestion.chunking.chunker import Chunker, TokenOffsets
from ingestion.chunking.fixed import FixedChunker
from ingestion.chunking.headings import HeadingChunker
from ingestion.errors import IngestionError

_CHUNKERS: dict[str, type[HeadingChunker] | type[FixedChunker]] = {"headings": HeadingChunker, "fixed": FixedChunker}


def make_chunker(name: str, offsets: TokenOffsets, *, most_tokens: int, overlap_tokens: int) -> Chunker:
    """The chunker of a name.

    Raises:
        IngestionError: There is none of that name.
    """
    if name not in _CHUNKERS:
        raise IngestionError(f"Unknown chunker `{name}`. Valid: {', '.join(sorted(_CHUNKERS))}.")
    return _CHUNKERS[name](offsets, most_tokens=most_tokens, overlap_tokens=overlap_tokens)
