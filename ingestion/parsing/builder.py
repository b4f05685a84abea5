"""Builds a parsed document piece by piece, with spans, pages, findings and heading paths right in every format."""

from ingestion.errors import ParseError
from ingestion.parsing.cleaning import MOST_HIDDEN, Hidden, clean
from storage.records.failure_type import FailureType
from storage.records.parsed_document import Block, BlockKind, Finding, FindingKind, Line, PageSpan

BLOCK_SEPARATOR = "\n\n"
_MOST_FINDINGS = 500


class DocumentBuilder:
    """Collects text and blocks; offsets always point into the final text."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._length = 0
        self._headings: list[tuple[int, str]] = []
        self._page: int | None = None
        self._page_start = 0
        self.blocks: list[Block] = []
        self.pages: list[PageSpan] = []
        self.findings: list[Finding] = []

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
            if self._page is not None and not self._page_has_text():
                self._page_start = self._length
        start = self._length
        self.write(text)
        self.mark(kind, start, start + len(text), text=text, level=level, lines=_shifted(lines, start))

    def add_clean(self, kind: BlockKind, text: str, *, level: int = 0) -> None:
        """Append a block of an office file or web page as a person sees it; what was hidden in it is noted.

        Args:
            kind: What it is.
            text: Its text, not yet cleaned.
            level: For a heading, 1 for the outermost.
        """
        cleaned = clean(text, ligatures=True)
        body = cleaned.text.strip()
        lead = len(cleaned.text) - len(cleaned.text.lstrip())
        self.add(kind, body, level=level)
        start = self._length - len(body)
        for hidden in cleaned.hidden:
            self.note_hidden(Hidden(start + min(max(0, hidden.position - lead), len(body)), hidden.detail))

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

    def start_page(self, number: int) -> None:
        """Begin a page; its span ends where the next one begins, or with `end_page`."""
        self.end_page()
        self._page, self._page_start = number, self._length

    def end_page(self) -> None:
        """End the page that was begun, if one was; it has an empty span when nothing was added."""
        if self._page is not None:
            self.pages.append(PageSpan(number=self._page, char_start=self._page_start, char_end=self._length))
        self._page = None

    def take_back(self) -> None:
        """Remove the last block, with all that was written since it began."""
        block = self.blocks.pop()
        text = self.text[: block.char_start].removesuffix(BLOCK_SEPARATOR)
        self._parts, self._length = [text] if text else [], len(text)
        self._page_start = min(self._page_start, self._length)
        self.findings = [
            finding.model_copy(update={"char_start": self._length, "char_end": self._length})
            if finding.char_start is not None and finding.char_start > self._length
            else finding
            for finding in self.findings
        ]

    def leave_headings(self) -> None:
        """What follows stands under no heading."""
        self._headings = []

    def find(self, kind: FindingKind, detail: str, *, at: int | None = None, whole: bool = False) -> None:
        """Note something.

        Args:
            kind: What it is.
            detail: One sentence for a reader.
            at: Where; the present place if not given.
            whole: Whether it concerns the whole document and has no place.
        """
        if len(self.findings) >= _MOST_FINDINGS:
            return
        place = None if whole else (self._length if at is None else at)
        self.findings.append(
            Finding(kind=kind, detail=clean(detail).text, char_start=place, char_end=place, page=self._page)
        )

    def note_hidden(self, hidden: Hidden) -> None:
        """Note what invisible characters hid, at a place of the text."""
        if sum(1 for finding in self.findings if finding.kind is FindingKind.HIDDEN_TEXT) >= MOST_HIDDEN:
            return
        self.findings.append(
            Finding(
                kind=FindingKind.HIDDEN_TEXT,
                detail=f"Invisible characters hold {hidden.detail}.",
                char_start=hidden.position,
                char_end=hidden.position,
                page=self._page,
            )
        )

    def check_length(self, limit: int) -> None:
        """Refuse a text that has become too long.

        Raises:
            ParseError: It has more characters than the limit.
        """
        if self._length > limit:
            raise ParseError(
                FailureType.TOO_LARGE, f"The document has more than {limit:,} characters. Split it into parts."
            )

    def _page_has_text(self) -> bool:
        return self._length - len(BLOCK_SEPARATOR) > self._page_start

    def _ends_with_break(self) -> bool:
        return self._parts[-1].endswith("\n\n")


def _shifted(lines: tuple[Line, ...], offset: int) -> tuple[Line, ...]:
    return tuple(line._replace(char_start=line.char_start + offset, char_end=line.char_end + offset) for line in lines)
