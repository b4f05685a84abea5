"""Which table each place in a dump belongs to, noted while it is read."""

import bisect
import re

from storage.erasure.byte_search import Readable

_BEGINS = re.compile(rb"\nCOPY (\S+) \([^\n]*\) FROM stdin;(?=\n)")
_ENDS = re.compile(rb"\n\\\.(?=\n)")


class DumpTables:
    r"""A dump of `pg_dump` in plain text, read through to whoever searches it.

    Its lines are rows between `COPY table (…) FROM stdin;` and `\.`, and no row holds a line break: COPY escapes them.

    Args:
        stream: The dump.
    """

    def __init__(self, stream: Readable) -> None:
        self._stream = stream
        self._unfinished = b"\n"  # as if a line had ended before the first
        self._read = 0
        self._borders: list[int] = []
        self._tables: list[str | None] = []

    def read(self, size: int = -1, /) -> bytes:
        """The next bytes of the dump."""
        block = self._stream.read(size)
        data = self._unfinished + block
        begin = self._read - len(self._unfinished)
        self._read += len(block)
        whole = data.rfind(b"\n")
        borders: list[tuple[int, str | None]] = [
            (begin + found.end(), found[1].decode()) for found in _BEGINS.finditer(data, 0, whole + 1)
        ]
        borders += [(begin + found.start(), None) for found in _ENDS.finditer(data, 0, whole + 1)]
        for at, table in sorted(borders, key=lambda border: border[0]):
            self._borders.append(at)
            self._tables.append(table)
        self._unfinished = data[whole:]
        return block

    def table_at(self, offset: int) -> str | None:
        """The table, with its schema, whose row stands at an offset that was read; None for the dump's own words."""
        index = bisect.bisect_right(self._borders, offset) - 1
        return self._tables[index] if index >= 0 else None
