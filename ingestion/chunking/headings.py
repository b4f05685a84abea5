"""The default chunker: sections by heading, packed with whole sentences, tables by row."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from ingestion.chunking.chunker import Places, TokenIndex, TokenOffsets, draft
from ingestion.chunking.sentences import sentences
from storage.records.chunk_draft import ChunkDraft
from storage.records.parsed_document import Block, BlockKind, ParsedDocument

_LONGEST_HEADER_TOKENS = 40


@dataclass(frozen=True, slots=True)
class _Atom:
    """The smallest piece that is kept whole: a sentence, a table row, a heading. `header` is a row's table header."""

    start: int
    end: int
    tokens: int
    header: str | None = None


@dataclass(slots=True)
class _Section:
    """What stands between two headings."""

    heading_path: tuple[str, ...]
    atoms: list[_Atom] = field(default_factory=list)
    has_body: bool = False


class HeadingChunker:
    """Never crosses a heading, never cuts a sentence that fits, and says for table rows what their columns are."""

    def __init__(self, offsets: TokenOffsets, *, most_tokens: int, overlap_tokens: int) -> None:
        self._offsets = offsets
        self._most = most_tokens
        self._overlap = min(overlap_tokens, most_tokens // 2)

    @property
    def name(self) -> str:
        """`headings` with its sizes."""
        return f"headings-{self._most}-{self._overlap}"

    def chunk(self, document: ParsedDocument) -> list[ChunkDraft]:
        """The passages of a document.

        A passage's heading path names its headings, outermost first; where a table goes on from an earlier passage,
        the table's header row is the path's last item, so that a row is never without its columns.
        """
        tokens, places = TokenIndex(document.text, self._offsets), Places(document)
        chunks: list[ChunkDraft] = []
        for section in self._sections(document, tokens):
            for atoms in self._pack(section.atoms, tokens):
                start, end = atoms[0].start, atoms[-1].end
                header = atoms[0].header
                path = (*section.heading_path, header) if header else section.heading_path
                chunks.append(
                    draft(document, places, ordinal=len(chunks), start=start, end=end,
                          tokens=tokens.count(start, end), heading_path=path)
                )  # fmt: skip
        return chunks

    def _sections(self, document: ParsedDocument, tokens: TokenIndex) -> Iterator[_Section]:
        section = _Section(())
        for block in document.blocks:
            if block.kind is BlockKind.HEADING:
                if section.has_body:
                    yield section
                    section = _Section(block.heading_path)
                # Headings without a body of their own stay in front of the next text, so that nothing is lost.
                section.atoms += self._split(block.char_start, block.char_end, tokens)
                continue
            if not section.has_body:
                section.heading_path = block.heading_path
            section.has_body = True
            section.atoms += self._atoms(document.text, block, tokens)
        if section.atoms:
            yield section

    def _atoms(self, text: str, block: Block, tokens: TokenIndex) -> list[_Atom]:
        if block.kind is BlockKind.TABLE:
            return self._rows(text, block, tokens)
        if block.kind is BlockKind.CODE:
            spans = list(_line_spans(text, block.char_start, block.char_end))
        else:
            spans = sentences(text, block.char_start, block.char_end)
        return [atom for start, end in spans for atom in self._split(start, end, tokens)]

    def _rows(self, text: str, block: Block, tokens: TokenIndex) -> list[_Atom]:
        spans = list(_line_spans(text, block.char_start, block.char_end))
        if len(spans) < 3:
            return [atom for start, end in spans for atom in self._split(start, end, tokens)]
        head = (spans[0][0], spans[1][1])  # the header row and the rule below it
        header = text[slice(*spans[0])].strip()
        named = header if tokens.count(*spans[0]) <= _LONGEST_HEADER_TOKENS else None
        rows = [atom for start, end in spans[2:] for atom in self._split(start, end, tokens)]
        return [*self._split(*head, tokens), *(_Atom(r.start, r.end, r.tokens, named) for r in rows)]

    def _split(self, start: int, end: int, tokens: TokenIndex) -> list[_Atom]:
        if tokens.count(start, end) <= self._most:
            return [_Atom(start, end, tokens.count(start, end))]
        return [_Atom(a, b, tokens.count(a, b)) for a, b in tokens.cut(start, end, self._most)]

    def _pack(self, atoms: list[_Atom], tokens: TokenIndex) -> Iterator[list[_Atom]]:
        chunk: list[_Atom] = []
        for atom in atoms:
            if chunk and tokens.count(chunk[0].start, atom.end) > self._most:
                yield chunk
                last = chunk[-1]
                repeats = (
                    atom.header is None
                    and last.tokens <= self._overlap
                    and len(chunk) > 1
                    and tokens.count(last.start, atom.end) <= self._most
                )
                chunk = [last] if repeats else []
            chunk.append(atom)
        if chunk:
            yield chunk


def _line_spans(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while start < end:
        stop = text.find("\n", start, end)
        stop = end if stop < 0 else stop
        if text[start:stop].strip():
            yield start, stop
        start = stop + 1
