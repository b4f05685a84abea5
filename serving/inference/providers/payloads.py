"""Bytes of a stream of server-sent events -> the JSON texts in it.

Both protocols that are read this way put one JSON text on one `data:` line, so lines are all that has to be found.
"""

import re
from collections.abc import Iterable

_FIELD = re.compile(rb"(event|id|retry)?:")
_FOREIGN_BYTES = 64 * 1024


class PayloadLines:
    """Splits pieces as they arrive. What is no event at all, such as an error page, is kept in `foreign`."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._searched = 0
        self.foreign = bytearray()
        self.has_events = False

    def feed(self, piece: bytes) -> Iterable[bytes]:
        """The payloads that this piece completes."""
        if self._rest:
            self._rest += piece
            if self._rest.find(b"\n", self._searched) < 0:
                self._searched = len(self._rest)
                return ()
            piece = bytes(self._rest)
            self._rest.clear()
        lines = piece.split(b"\n")
        self._rest += lines.pop()
        self._searched = len(self._rest)
        return self._payloads(lines)

    def end(self) -> Iterable[bytes]:
        """The payload of a last line that no line end follows."""
        return self._payloads([bytes(self._rest)])

    def _payloads(self, lines: list[bytes]) -> list[bytes]:
        found = []
        for line in lines:
            if line.startswith(b"data:"):
                self.has_events = True
                found.append(line[5:].strip())
            elif line and line != b"\r" and not _FIELD.match(line) and len(self.foreign) < _FOREIGN_BYTES:
                self.foreign += line + b"\n"
        return found
