"""The plain chunker: windows of so many tokens, each repeating the end of the one before."""

from bisect import bisect_right

from ingestion.chunking.chunker import Places, TokenIndex, TokenOffsets, draft
from storage.records.chunk_draft import ChunkDraft
from storage.records.parsed_document import ParsedDocument


class FixedChunker:
    """Blind to structure; the baseline that other chunkers are measured against."""

    def __init__(self, offsets: TokenOffsets, *, most_tokens: int, overlap_tokens: int) -> None:
        self._offsets = offsets
        self._most = most_tokens
        self._overlap = min(overlap_tokens, most_tokens // 2)

    @property
    def name(self) -> str:
        """`fixed` with its sizes."""
        return f"fixed-{self._most}-{self._overlap}"

    def chunk(self, document: ParsedDocument) -> list[ChunkDraft]:
        """The passages of a document."""
        tokens, places = TokenIndex(document.text, self._offsets), Places(document)
        starts = [block.char_start for block in document.blocks]
        chunks: list[ChunkDraft] = []
        first = 0
        while first < len(tokens):
            last = min(first + self._most, len(tokens)) - 1
            start, end = tokens.span(first, last)
            block = bisect_right(starts, start) - 1
            path = document.blocks[block].heading_path if block >= 0 else ()
            chunks.append(
                draft(document, places, ordinal=len(chunks), start=start, end=end, tokens=last - first + 1,
                      heading_path=path)
            )  # fmt: skip
            if last == len(tokens) - 1:
                break
            first = last + 1 - self._overlap
        return chunks
