"""Our side of the benchmarks: documents read through the sandbox, and what that took."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from ingestion.errors import ParseError
from ingestion.parsing.sandbox import ParserSandbox
from ingestion.settings import IngestSettings
from storage.records.parsed_document import ParsedDocument

_LOOK_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Outcome:
    """A document, or the type of its failure; `error` is what should never happen."""

    path: Path
    seconds: float
    document: ParsedDocument | None = None
    failure: str | None = None
    reason: str = ""
    error: str | None = None


def read(sandbox: ParserSandbox, path: Path) -> Outcome:
    """Read one file and say how it went."""
    started = time.perf_counter()
    try:
        document = sandbox.parse(path, name=path.name)
    except ParseError as error:
        return Outcome(path, time.perf_counter() - started, failure=error.failure_type.value, reason=error.reason)
    except Exception as error:  # noqa: BLE001 - counted: nothing else may come out of the sandbox
        return Outcome(path, time.perf_counter() - started, error=type(error).__name__)
    return Outcome(path, time.perf_counter() - started, document=document)


@contextmanager
def sandbox(**changes: float | str) -> Iterator[ParserSandbox]:
    """A sandbox with the default settings, or some changed."""
    opened = ParserSandbox(IngestSettings(_env_file=None).model_copy(update=changes))
    try:
        yield opened
    finally:
        opened.close()


class MemoryWatch:
    """Looks at all processes under this one, and keeps the largest memory of a parser with what it started."""

    def __init__(self) -> None:
        self.largest_mb = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "MemoryWatch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        me = psutil.Process()
        while not self._stop.wait(_LOOK_SECONDS):
            for parser in me.children():
                try:
                    family = [parser, *parser.children(recursive=True)]
                    total = sum(process.memory_info().rss for process in family)
                except psutil.Error:  # gone while we looked
                    continue
                self.largest_mb = max(self.largest_mb, total / (1 << 20))
