"""What most chunkers are built on: the smallest pieces that stay whole, and packing them into passages."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ingestion.chunking.chunker import TokenIndex
from ingestion.chunking.sentences import sentences
from storage.records.parsed_document import Block, BlockKind

_LONGEST_HEADER_TOKENS = 40
_FILLED = 0.4  # a passage this full may end before its size does


@dataclass(frozen=True, slots=True)
class Atom:
    """A sentence, a table row, a line of code, a heading.

    `header` is the header row of a row's table; `block_end` is set on the first atom of a block and says where it ends.
    """

    start: int
    end: int
    tokens: int
    header: str | None = None
    block_end: int | None = None


class Atomizer:
    """Cuts blocks of one document into atoms of at most so many tokens."""

    def __init__(self, text: str, tokens: TokenIndex, most: int) -> None:
        self._text = text
        self._tokens = tokens
        self._most = most

    def block(self, block: Block) -> list[Atom]:
        """The atoms of a block, in order; together they cover everything but blanks."""
        atoms = self._cut(block)
        return [replace(atom, block_end=block.char_end) for atom in atoms[:1]] + atoms[1:]

    def _cut(self, block: Block) -> list[Atom]:
        start, end = block.char_start, block.char_end
        match block.kind:
            case BlockKind.HEADING:
                return self.whole(start, end)
            case BlockKind.TABLE:
                return self._rows(start, end)
            case BlockKind.CODE:
                return self._each(list(line_spans(self._text, start, end)))
            case _:
                return self._each(sentences(self._text, start, end))

    def whole(self, start: int, end: int) -> list[Atom]:
        """One atom, or several where it is too long."""
        count = self._tokens.count(start, end)
        if count <= self._most:
            return [Atom(start, end, count)]
        return [Atom(a, b, self._tokens.count(a, b)) for a, b in self._tokens.cut(start, end, self._most)]

    def _each(self, spans: Sequence[tuple[int, int]]) -> list[Atom]:
        return [atom for start, end in spans for atom in self.whole(start, end)]

    def _rows(self, start: int, end: int) -> list[Atom]:
        spans = list(line_spans(self._text, start, end))
        if len(spans) < 3:
            return self._each(spans)
        header = self._text[slice(*spans[0])].strip()
        named = header if self._tokens.count(*spans[0]) <= _LONGEST_HEADER_TOKENS else None
        rows = (Atom(atom.start, atom.end, atom.tokens, named) for atom in self._each(spans[2:]))
        return [*self.whole(spans[0][0], spans[1][1]), *rows]  # the header row stays with the rule below it


def pack(atoms: Sequence[Atom], tokens: TokenIndex, *, most: int, overlap: int) -> Iterator[list[Atom]]:
    """Fill passages with whole atoms.

    A passage ends early where the next paragraph would be parted although it fits into a passage of its own: what its
    writer kept together is found together.

    Args:
        atoms: In order.
        tokens: Of the document.
        most: Most tokens of a passage.
        overlap: A passage repeats the last atom of the one before where that is no longer than this.
    """
    passage: list[Atom] = []
    for atom in atoms:
        if passage and _would_part(passage, atom, tokens, most):
            yield passage
            passage = []
        if passage and tokens.count(passage[0].start, atom.end) > most:
            yield passage
            last = passage[-1]
            repeats = (
                atom.header is None
                and last.tokens <= overlap
                and len(passage) > 1
                and tokens.count(last.start, atom.end) <= most
            )
            passage = [last] if repeats else []
        passage.append(atom)
    if passage:
        yield passage


def _would_part(passage: Sequence[Atom], atom: Atom, tokens: TokenIndex, most: int) -> bool:
    if atom.block_end is None or tokens.count(atom.start, atom.block_end) > most:
        return False
    filled = tokens.count(passage[0].start, passage[-1].end)
    return filled >= _FILLED * most and tokens.count(passage[0].start, atom.block_end) > most


def line_spans(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Spans of the lines between two offsets that are not blank."""
    while start < end:
        stop = text.find("\n", start, end)
        stop = end if stop < 0 else stop
        if text[start:stop].strip():
            yield start, stop
        start = stop + 1
