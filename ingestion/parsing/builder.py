"""Builds a parsed document piece by piece, with spans and heading paths right in every format."""

from storage.records.parsed_document import Block, BlockKind, Line

BLOCK_SEPARATOR = "\n\n"


class DocumentBuilder:
    """Collects text and blocks; offsets always point into the final text."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._length = 0
        self._headings: list[tuple[int, str]] = []
        self.blocks: list[Block] = []

    @property
    def position(self) -> int:
        """Where the next character goes."""
        return self._length

    @property
    def text(self) -> str:
        """Everything so far."""
        return "".join(self._parts)

    def write(self, text: str) -> None:
        """Append text that belongs to no block."""
        self._parts.append(text)
        self._length += len(text)

    def add(self, kind: BlockKind, text: str, *, level: int = 0, lines: tuple[Line, ...] = ()) -> None:
        """Append a block, after a blank line if something stands before it.

        Args:
            kind: What it is.
            text: Its text; empty text is left out.
            level: For a heading, 1 for the outermost.
            lines: Its printed lines, with offsets relative to the block's start.
        """
        if not text.strip():
            return
        if self._length and not self._ends_with_break():
            self.write(BLOCK_SEPARATOR)
        start = self._length
        self.write(text)
        self.mark(kind, start, start + len(text), text=text, level=level, lines=_shifted(lines, start))

    def mark(
        self,
        kind: BlockKind,
        start: int,
        end: int,
        *,
        text: str,
        level: int = 0,
        lines: tuple[Line, ...] = (),
    ) -> None:
        """Note a block over text that is written already."""
        if kind is BlockKind.HEADING:
            self._headings = [(lvl, name) for lvl, name in self._headings if lvl < level]
        path = tuple(name for _, name in self._headings)
        self.blocks.append(Block(kind=kind, char_start=start, char_end=end, heading_path=path, lines=lines))
        if kind is BlockKind.HEADING:
            self._headings.append((level, " ".join(text.split())))

    def _ends_with_break(self) -> bool:
        return self._parts[-1].endswith("\n\n")


def _shifted(lines: tuple[Line, ...], offset: int) -> tuple[Line, ...]:
    return tuple(
        line.model_copy(update={"char_start": line.char_start + offset, "char_end": line.char_end + offset})
        for line in lines
    )
