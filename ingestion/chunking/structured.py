"""Chunkers that follow the document's structure: its headings, its tables, its pages."""

from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ingestion.chunking.atoms import Atom, Atomizer, pack
from ingestion.chunking.chunker import Places, TokenIndex, TokenOffsets, draft
from storage.records.chunk_draft import ChunkDraft
from storage.records.parsed_document import Block, BlockKind, PageSpan, ParsedDocument

# A parent is what a reader is given around a passage: its section, or so many passages' worth of it.
_PARENT_PASSAGES = 4
_LONGEST_CAPTION_TOKENS = 40


@dataclass(slots=True)
class Section:
    """A run of atoms that belong together; no passage crosses its ends."""

    heading_path: tuple[str, ...]
    atoms: list[Atom] = field(default_factory=list)
    has_body: bool = False


class StructuredChunker(ABC):
    """Cuts a document into sections and packs each with whole sentences and table rows."""

    label: str

    def __init__(self, offsets: TokenOffsets, *, most_tokens: int, overlap_tokens: int) -> None:
        self._offsets = offsets
        self._most = most_tokens
        self._overlap = min(overlap_tokens, most_tokens // 2)

    @property
    def name(self) -> str:
        """The strategy with its sizes."""
        return f"{self.label}-{self._most}-{self._overlap}"

    def chunk(self, document: ParsedDocument) -> list[ChunkDraft]:
        """The passages of a document.

        A passage's heading path names its headings, outermost first; where a table goes on from an earlier passage,
        the table's header row is the path's last item, so that a row is never without its columns.
        """
        tokens, places = TokenIndex(document.text, self._offsets), Places(document)
        chunks: list[ChunkDraft] = []
        for section in self.sections(document, Atomizer(document.text, tokens, self._most)):
            passages = list(pack(section.atoms, tokens, most=self._most, overlap=self._overlap))
            for atoms, parent in zip(passages, self._parents(passages, tokens), strict=True):
                start, end, header = atoms[0].start, atoms[-1].end, atoms[0].header
                path = (*section.heading_path, header) if header else section.heading_path
                chunks.append(
                    draft(document, places, ordinal=len(chunks), start=start, end=end,
                          tokens=tokens.count(start, end), heading_path=path, parent=parent)
                )  # fmt: skip
        return chunks

    @abstractmethod
    def sections(self, document: ParsedDocument, atomizer: Atomizer) -> Iterator[Section]:
        """The sections of a document, in order."""

    def _parents(self, passages: Sequence[list[Atom]], tokens: TokenIndex) -> Iterator[tuple[int, int]]:
        first = 0
        while first < len(passages):
            start, last = passages[first][0].start, first
            while (
                last + 1 < len(passages)
                and tokens.count(start, passages[last + 1][-1].end) <= self._most * _PARENT_PASSAGES
            ):
                last += 1
            for _ in range(first, last + 1):
                yield start, passages[last][-1].end
            first = last + 1


class HeadingChunker(StructuredChunker):
    """Never crosses a heading, never cuts a sentence that fits."""

    label = "headings"

    def sections(self, document: ParsedDocument, atomizer: Atomizer) -> Iterator[Section]:
        """What stands between two headings; headings without a text of their own stay in front of the next text."""
        section = Section(())
        for block in document.blocks:
            if block.kind is BlockKind.HEADING:
                if section.has_body:
                    yield section
                    section = Section(block.heading_path)
            elif not section.has_body:
                section.heading_path, section.has_body = block.heading_path, True
            section.atoms += atomizer.block(block)
        if section.atoms:
            yield section


class TableChunker(HeadingChunker):
    """As by headings, but a table shares its passages with nothing except its caption."""

    label = "tables"

    def sections(self, document: ParsedDocument, atomizer: Atomizer) -> Iterator[Section]:
        """Sections by heading, parted again where a table begins and ends."""
        section = Section(())
        for block in document.blocks:
            atoms = atomizer.block(block)
            if block.kind is BlockKind.HEADING and section.has_body:
                yield section
                section = Section(block.heading_path)
            elif block.kind is BlockKind.TABLE and section.has_body:
                caption = section.atoms.pop() if _is_caption(section.atoms) else None
                yield section
                section = Section(block.heading_path, [caption] if caption else [])
            if block.kind is not BlockKind.HEADING:
                section.heading_path, section.has_body = block.heading_path, True
            section.atoms += atoms
            if block.kind is BlockKind.TABLE:
                yield section
                section = Section(block.heading_path)
        if section.atoms:
            yield section


class PageChunker(StructuredChunker):
    """Never crosses a page; a document without pages is cut by size alone."""

    label = "pages"

    def sections(self, document: ParsedDocument, atomizer: Atomizer) -> Iterator[Section]:
        """One section a page, with the headings that stand above its first text."""
        ends = [page.char_end for page in document.pages]
        section, page = Section(()), 0
        for block in (part for whole in document.blocks for part in _by_page(whole, document.pages)):
            here = bisect_right(ends, block.char_start)
            if section.atoms and here != page:
                yield section
                section = Section(())
            if not section.atoms:
                section.heading_path, page = block.heading_path, here
            section.atoms += atomizer.block(block)
        if section.atoms:
            yield section


def _is_caption(atoms: Sequence[Atom]) -> bool:
    return len(atoms) > 1 and atoms[-1].tokens <= _LONGEST_CAPTION_TOKENS and atoms[-1].header is None


def _by_page(block: Block, pages: Sequence[PageSpan]) -> Iterator[Block]:
    """A block, parted where it goes on to another page."""
    start = block.char_start
    for page in pages:
        if start < page.char_end < block.char_end:
            yield block.model_copy(update={"char_start": start, "char_end": page.char_end})
            start = page.char_end
    yield block.model_copy(update={"char_start": start})
