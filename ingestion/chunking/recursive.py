"""The recursive chunker: parts at paragraphs, then lines, then sentences, then tokens, until every part fits."""

import re
from bisect import bisect_right
from collections.abc import Iterator

from ingestion.chunking.atoms import Atom, pack
from ingestion.chunking.chunker import Places, TokenIndex, TokenOffsets, draft, trimmed
from ingestion.chunking.sentences import sentences
from storage.records.chunk_draft import ChunkDraft
from storage.records.parsed_document import ParsedDocument

_BREAKS = (re.compile(r"\n\s*\n"), re.compile(r"\n"))


class RecursiveChunker:
    """Knows no headings or tables, only how text is laid out; what many tools do by default."""

    def __init__(self, offsets: TokenOffsets, *, most_tokens: int, overlap_tokens: int) -> None:
        self._offsets = offsets
        self._most = most_tokens
        self._overlap = min(overlap_tokens, most_tokens // 2)

    @property
    def name(self) -> str:
        """`recursive` with its sizes."""
        return f"recursive-{self._most}-{self._overlap}"

    def chunk(self, document: ParsedDocument) -> list[ChunkDraft]:
        """The passages of a document."""
        text = document.text
        tokens, places = TokenIndex(text, self._offsets), Places(document)
        atoms = [
            Atom(start, end, tokens.count(start, end))
            for start, end in self._parts(text, 0, len(text), tokens, level=0)
        ]
        starts = [block.char_start for block in document.blocks]
        chunks: list[ChunkDraft] = []
        for passage in pack(atoms, tokens, most=self._most, overlap=self._overlap):
            start, end = passage[0].start, passage[-1].end
            block = bisect_right(starts, start) - 1
            path = document.blocks[block].heading_path if block >= 0 else ()
            chunks.append(
                draft(document, places, ordinal=len(chunks), start=start, end=end, tokens=tokens.count(start, end),
                      heading_path=path)
            )  # fmt: skip
        return chunks

    def _parts(self, text: str, start: int, end: int, tokens: TokenIndex, *, level: int) -> Iterator[tuple[int, int]]:
        start, end = trimmed(text, start, end)
        if start >= end:
            return
        if tokens.count(start, end) <= self._most:
            yield start, end
        elif level < len(_BREAKS):
            at = start
            for found in _BREAKS[level].finditer(text, start, end):
                yield from self._parts(text, at, found.start(), tokens, level=level + 1)
                at = found.end()
            yield from self._parts(text, at, end, tokens, level=level + 1)
        else:
            for first, last in sentences(text, start, end):
                if tokens.count(first, last) <= self._most:
                    yield first, last
                else:
                    yield from tokens.cut(first, last, self._most)
