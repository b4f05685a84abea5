"""One parser process: started when first needed, watched while it reads, killed when it goes over a limit."""

import contextlib
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, cast

import structlog

from ingestion.parsing.frames import (
    BrokenFrameError,
    FrameBuffer,
    ParseReply,
    ReplyReader,
    SandboxRequest,
    request_bytes,
    write_frame,
)
from ingestion.settings import IngestSettings
from storage.records.failure_type import FailureType

log = structlog.get_logger(__name__)

_WATCH_SECONDS = 0.02
_READ_BYTES = 1 << 20
_OUT_OF_MEMORY = (
    "Reading the file took more than {limit} MB of memory. Split it into parts or save it in a simpler form."
)
_TIMED_OUT = "Reading the file took longer than {limit:g} s. Split it into parts or save it in a simpler form."
_DIED = (
    "The file made its reader crash, so it is damaged or hostile. Open the original, save it again and upload the copy."
)
_NEARLY_FULL = 0.8


class ParserProcess:
    """A parser process and its folder. For one thread at a time."""

    def __init__(self, settings: IngestSettings) -> None:
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None
        self._folder: Path | None = None
        self._served = 0
        self._allowed_seconds = settings.parse_seconds
        self.peak_mb = 0.0

    @property
    def pid(self) -> int | None:
        """The process's number; None while there is none."""
        return None if self._process is None else self._process.pid

    def ask(self, request: SandboxRequest, on_progress: Callable[[int, int], None] | None = None) -> ParseReply:
        """Have one document read.

        Args:
            request: The document and its limits.
            on_progress: Hears pages done and pages in all.

        Returns:
            The document, or why there is none.
        """
        process = self._running()
        self._served += 1
        self.peak_mb = 0.0
        try:
            write_frame(cast("BinaryIO", process.stdin), request_bytes(request))
            reply, is_complete = self._receive(process, request, on_progress)
        except OSError:  # it died before or while reading the request
            reply, is_complete = None, False
        except BrokenFrameError as error:
            log.warning("parser_sent_nonsense", error=str(error))
            reply, is_complete = ParseReply(failure_type=FailureType.DAMAGED, reason=_DIED), False
        except BaseException:  # from `on_progress`, or an interrupt: its answer would be taken for the next document's
            self.stop()
            raise
        if is_complete and reply is not None:
            if reply.failure_type is FailureType.OUT_OF_MEMORY:
                self.stop()  # what it holds would count against the next document
            return reply
        if reply is None:
            with contextlib.suppress(subprocess.TimeoutExpired):  # its own end tells more than our kill
                process.wait(timeout=1)
        self.stop()
        return reply or self._explain_death(process.returncode)

    def kill(self) -> None:
        """End the process and whatever it started; from any thread. Whoever waits for its answer learns that it died."""
        process = self._process
        if process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)

    def stop(self) -> None:
        """End the process and remove its folder."""
        if self._process is not None:
            self.kill()
            for stream in (self._process.stdin, self._process.stdout):
                if stream is not None:
                    with contextlib.suppress(OSError):
                        stream.close()
            self._process.wait()
            self._process = None
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def _receive(
        self,
        process: "subprocess.Popen[bytes]",
        request: SandboxRequest,
        on_progress: Callable[[int, int], None] | None,
    ) -> tuple[ParseReply | None, bool]:
        """The answer and whether the process gave it itself; None when the process is gone."""
        source = cast("BinaryIO", process.stdout).fileno()  # a pipe, because `_running` asked for it
        reader = ReplyReader(request.parse.limits.max_text_characters, on_progress)
        buffer = FrameBuffer()
        started = time.monotonic()
        while True:
            self._allowed_seconds = (
                self._settings.ocr_seconds if reader.reads_pictures else self._settings.parse_seconds
            )
            verdict = self._wait(process.pid, source, started + self._allowed_seconds)
            if verdict is not None:
                return verdict, False
            data = os.read(source, _READ_BYTES)
            if not data:
                return None, False
            for frame in buffer.feed(data):
                reply = reader.take(frame)
                if reply is not None:
                    return reply, True

    def _wait(self, pid: int, source: int, deadline: float) -> ParseReply | None:
        """Wait for data or the process's end; a reply when a limit was passed."""
        while True:
            is_ready = bool(select.select([source], [], [], _WATCH_SECONDS)[0])
            self.peak_mb = max(self.peak_mb, _resident_mb(pid))
            if self.peak_mb > self._settings.parse_memory_mb:
                return self._memory_reply()
            if time.monotonic() > deadline:
                return self._time_reply()
            if is_ready:
                return None

    def _explain_death(self, code: int | None) -> ParseReply:
        log.warning("parser_died", code=code, peak_mb=round(self.peak_mb))
        if code == -signal.SIGXCPU:
            return self._time_reply()
        if self.peak_mb > _NEARLY_FULL * self._settings.parse_memory_mb:
            return self._memory_reply()
        return ParseReply(failure_type=FailureType.DAMAGED, reason=_DIED)

    def _memory_reply(self) -> ParseReply:
        reason = _OUT_OF_MEMORY.format(limit=self._settings.parse_memory_mb)
        return ParseReply(failure_type=FailureType.OUT_OF_MEMORY, reason=reason)

    def _time_reply(self) -> ParseReply:
        return ParseReply(failure_type=FailureType.TIMED_OUT, reason=_TIMED_OUT.format(limit=self._allowed_seconds))

    def _running(self) -> "subprocess.Popen[bytes]":
        if self._process is not None and self._served >= self._settings.parse_reuse:
            self.stop()
        if self._process is None or self._process.poll() is not None:
            self.stop()
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
