"""The sentence-window chunker: every sentence is found on its own and read with its neighbours."""

from collections.abc import Sequence

from ingestion.chunking.atoms import Atom, Atomizer
from ingestion.chunking.chunker import Places, TokenIndex, TokenOffsets, draft
from storage.records.chunk_draft import ChunkDraft
from storage.records.parsed_document import ParsedDocument

_Placed = tuple[Atom, tuple[str, ...]]


class SentenceWindowChunker:
    """One passage a sentence; its parent is as many sentences around it as fit into a passage's size."""

    def __init__(self, offsets: TokenOffsets, *, most_tokens: int, overlap_tokens: int) -> None:
        del overlap_tokens  # windows overlap by themselves
        self._offsets = offsets
        self._most = most_tokens

    @property
    def name(self) -> str:
        """`sentences` with the size of its windows."""
        return f"sentences-{self._most}"

    def chunk(self, document: ParsedDocument) -> list[ChunkDraft]:
        """The passages of a document."""
        tokens, places = TokenIndex(document.text, self._offsets), Places(document)
        atomizer = Atomizer(document.text, tokens, self._most)
        placed = [(atom, block.heading_path) for block in document.blocks for atom in atomizer.block(block)]
        chunks = []
        for number, (atom, path) in enumerate(placed):
            chunks.append(
                draft(document, places, ordinal=number, start=atom.start, end=atom.end, tokens=atom.tokens,
                      heading_path=(*path, atom.header) if atom.header else path,
                      parent=self._window(placed, number, tokens))
            )  # fmt: skip
        return chunks

    def _window(self, placed: Sequence[_Placed], number: int, tokens: TokenIndex) -> tuple[int, int]:
        """Grow to both sides in turn, so that the sentence stays in the middle, and never over a heading."""
        first = last = number
        grows_before = grows_after = True
        while grows_before or grows_after:
            grows_before = grows_before and self._fits(placed, first - 1, last, number, tokens)
            first -= grows_before
            grows_after = grows_after and self._fits(placed, first, last + 1, number, tokens)
            last += grows_after
        return placed[first][0].start, placed[last][0].end

    def _fits(self, placed: Sequence[_Placed], first: int, last: int, number: int, tokens: TokenIndex) -> bool:
        if first < 0 or last >= len(placed):
            return False
        path = placed[number][1]
        same_section = placed[first][1] == placed[last][1] == path
        return same_section and tokens.count(placed[first][0].start, placed[last][0].end) <= self._most
