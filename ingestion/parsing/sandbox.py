"""Runs parsers in processes of their own, with limits on memory, time, files and network.

A document can kill such a process; it cannot hurt the worker. Processes are reused, so that a document costs no start.
"""

import queue
import threading
from collections.abc import Callable
from pathlib import Path

import structlog
from pydantic import SecretStr

from ingestion.errors import ParseError
from ingestion.parsing.frames import SandboxRequest
from ingestion.parsing.parser_process import ParserProcess
from ingestion.parsing.request import ParseLimits, ParseRequest
from ingestion.settings import IngestSettings
from storage.records.failure_type import FailureType
from storage.records.parsed_document import ParsedDocument

log = structlog.get_logger(__name__)

_NO_ANSWER = "The file's reader gave no answer. Open the original, save it again and upload the copy."


class ParserSandbox:
    """A few parser processes, each started when first needed. Safe to share between threads."""

    def __init__(self, settings: IngestSettings) -> None:
        self._settings = settings
        self._processes = [ParserProcess(settings) for _ in range(settings.parse_workers)]
        self._idle: queue.LifoQueue[ParserProcess] = queue.LifoQueue()  # the last one used is warm
        for process in reversed(self._processes):
            self._idle.put(process)
        self._closing = threading.Lock()
        self.peak_mb = 0.0  # most memory that a parser process was seen to hold

    def parse(
        self,
        path: Path,
        *,
        name: str,
        declared_type: str | None = None,
        password: SecretStr | str | None = None,
        on_progress: Callable[[int, int], None] | None = None,
    ) -> ParsedDocument:
        """Read a document in the sandbox; waits while all its processes are at work.

        Args:
            path: The file on this machine.
            name: What the user calls it.
            declared_type: Media type that came with it.
            password: Opens a protected document; kept nowhere.
            on_progress: Hears, while a long document is read, how many of its pages are done and how many it has.

        Returns:
            The document.

        Raises:
            ParseError: It cannot be read within the limits; type and reason say why.
        """
        limits = ParseLimits(
            max_text_characters=self._settings.max_text_characters, ocr_languages=self._settings.ocr_languages
        )
        secret = SecretStr(password) if isinstance(password, str) else password
        request = SandboxRequest(
            parse=ParseRequest(
                path=path.absolute(), name=name, declared_type=declared_type, password=secret, limits=limits
            ),
            cpu_seconds=self._settings.parse_cpu_seconds,
            memory_mb=self._settings.parse_memory_mb,
        )
        process = self._idle.get()
        try:
            reply = process.ask(request, on_progress)
        finally:
            self.peak_mb = max(self.peak_mb, process.peak_mb)
            self._idle.put(process)
        if reply.error:
            log.warning("parser_raised", error=reply.error)
        if reply.document is not None:
            return reply.document
        raise ParseError(reply.failure_type or FailureType.DAMAGED, reply.reason or _NO_ANSWER)

    def interrupt(self) -> None:
        """Kill what the processes are at; the documents in work are not read. From any thread."""
        for process in self._processes:
            process.kill()

    def close(self) -> None:
        """End the processes and remove their folders, after the documents in work. Later calls start them anew."""
        with self._closing:
            taken = [self._idle.get() for _ in self._processes]
            for process in taken:
                process.stop()
            for process in reversed(taken):
                self._idle.put(process)
