"""Runs parsers in a process of its own, with limits on memory, time, files and network.

A document can kill that process; it cannot hurt the worker. The process is reused, so that a document costs no start.
"""

import contextlib
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import BinaryIO, cast

import structlog

from ingestion.errors import ParseError
from ingestion.parsing.detect import looks_like_picture
from ingestion.parsing.frames import ParseReply, SandboxRequest, read_frame, write_frame
from ingestion.parsing.ocr import ocr_available
from ingestion.parsing.request import ParseLimits, ParseRequest
from ingestion.settings import IngestSettings
from storage.records.failure_type import FailureType
from storage.records.parsed_document import ParsedDocument

log = structlog.get_logger(__name__)

_WATCH_SECONDS = 0.02
_OUT_OF_MEMORY = (
    "Reading the file took more than {limit} MB of memory. Split it into parts or save it in a simpler form."
)
_TIMED_OUT = "Reading the file took longer than {limit:g} s. Split it into parts or save it in a simpler form."
_DIED = (
    "The file made its reader crash, so it is damaged or hostile. Open the original, save it again and upload the copy."
)
_NEARLY_FULL = 0.8


class ParserSandbox:
    """One parser process at a time, started when first needed. Safe to share between threads; calls take turns."""

    def __init__(self, settings: IngestSettings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._folder: Path | None = None
        self._served = 0
        self._peak_mb = 0.0
        self._allowed_seconds = settings.parse_seconds

    def parse(self, path: Path, *, name: str, declared_type: str | None = None) -> ParsedDocument:
        """Read a document in the sandbox.

        Args:
            path: The file on this machine.
            name: What the user calls it.
            declared_type: Media type that came with it.

        Returns:
            The document.

        Raises:
            ParseError: It cannot be read within the limits; type and reason say why.
        """
        limits = ParseLimits(
            max_text_characters=self._settings.max_text_characters, ocr_languages=self._settings.ocr_languages
        )
        request = SandboxRequest(
            parse=ParseRequest(path=path.absolute(), name=name, declared_type=declared_type, limits=limits),
            cpu_seconds=self._settings.parse_cpu_seconds,
            memory_mb=self._settings.parse_memory_mb,
        )
        with self._lock:
            reply = self._ask(request)
        if reply.error:
            log.warning("parser_raised", error=reply.error)
        if reply.document is not None:
            return reply.document
        raise ParseError(reply.failure_type or FailureType.DAMAGED, reply.reason or _DIED)

    def close(self) -> None:
        """End the process and remove its folder."""
        with self._lock:
            self._stop()

    def _ask(self, request: SandboxRequest) -> ParseReply:
        process = self._running()
        self._served += 1
        self._peak_mb = 0.0
        may_need_ocr = ocr_available() and looks_like_picture(request.parse.path)
        seconds = self._settings.ocr_seconds if may_need_ocr else self._settings.parse_seconds
        self._allowed_seconds = seconds
        source = cast("BinaryIO", process.stdout)  # pipes, because `_running` asked for them
        try:
            write_frame(cast("BinaryIO", process.stdin), request.model_dump_json().encode())
            verdict = self._wait(process.pid, source, time.monotonic() + seconds)
            frame = read_frame(source) if verdict is None else None
        except OSError:  # it died before or while reading the request
            verdict, frame = None, None
        if frame is not None:
            reply = ParseReply.model_validate_json(frame)
            if reply.failure_type is FailureType.OUT_OF_MEMORY:
                self._stop()  # what it holds would count against the next document
            return reply
        if verdict is None:
            with contextlib.suppress(subprocess.TimeoutExpired):  # its own end tells more than our kill
                process.wait(timeout=1)
        self._stop()
        return verdict or self._explain_death(process.returncode)

    def _wait(self, pid: int, source: BinaryIO, deadline: float) -> ParseReply | None:
        """Wait for an answer or the process's end; a reply when a limit was passed."""
        while not select.select([source], [], [], _WATCH_SECONDS)[0]:
            self._peak_mb = max(self._peak_mb, _resident_mb(pid))
            if self._peak_mb > self._settings.parse_memory_mb:
                return self._memory_reply()
            if time.monotonic() > deadline:
                return self._time_reply()
        return None

    def _explain_death(self, code: int | None) -> ParseReply:
        log.warning("parser_died", code=code, peak_mb=round(self._peak_mb))
        if code == -signal.SIGXCPU:
            return self._time_reply()
        if self._peak_mb > _NEARLY_FULL * self._settings.parse_memory_mb:
            return self._memory_reply()
        return ParseReply(failure_type=FailureType.DAMAGED, reason=_DIED)

    def _memory_reply(self) -> ParseReply:
        reason = _OUT_OF_MEMORY.format(limit=self._settings.parse_memory_mb)
        return ParseReply(failure_type=FailureType.OUT_OF_MEMORY, reason=reason)

    def _time_reply(self) -> ParseReply:
        return ParseReply(failure_type=FailureType.TIMED_OUT, reason=_TIMED_OUT.format(limit=self._allowed_seconds))

    def _running(self) -> "subprocess.Popen[bytes]":
        if self._process is not None and self._served >= self._settings.parse_reuse:
            self._stop()
        if self._process is None or self._process.poll() is not None:
            self._stop()
            self._folder = Path(tempfile.mkdtemp(prefix="pixel-parse-"))
            self._process = subprocess.Popen(
                [sys.executable, "-m", "ingestion.parsing.child", str(self._folder)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,  # it could hold document text
                env=_environment(self._folder),
                cwd=self._folder,
                start_new_session=True,
            )
            self._served = 0
        return self._process

    def _stop(self) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)  # with whatever it started
            for stream in (self._process.stdin, self._process.stdout):
                if stream is not None:
                    with contextlib.suppress(OSError):
                        stream.close()
            self._process.wait()
            self._process = None
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None


def _environment(folder: Path) -> dict[str, str]:
    """Only what a parser needs: no key, password or proxy of the worker reaches it."""
    return {
        "PATH": os.defpath + os.pathsep + "/usr/local/bin:/opt/homebrew/bin",
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "PYTHONDONTWRITEBYTECODE": "1",
        "TMPDIR": str(folder),
        "HOME": str(folder),
        "LC_ALL": "C.UTF-8",
        "OMP_THREAD_LIMIT": "1",
        "MALLOC_ARENA_MAX": "2",
        "OPENBLAS_NUM_THREADS": "1",
    }


def _resident_mb(pid: int) -> float:
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError, ValueError):
        return 0.0  # not Linux, or just gone
    return pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20)
