"""The parser's process: seals itself, then reads one request after another from its standard input.

Started by `parser_process.py` as `python -m ingestion.parsing.child FOLDER`. Frames are a length (4 bytes, big endian)
and JSON or text, never pickle: what a parser sends back is data, not code. Nothing heavy may be imported here.
"""

import gc
import os
import resource
import shutil
import sys
import threading
import time
from pathlib import Path
from typing import BinaryIO

from ingestion.errors import ParseError
from ingestion.parsing.frames import (
    PICTURES,
    ParseReply,
    SandboxRequest,
    read_frame,
    write_frame,
    write_parts,
    write_progress,
    write_reply,
)
from ingestion.parsing.parse import parse
from ingestion.parsing.progress import Listener, listening
from ingestion.parsing.seal import SealBrokenError, cut_network, seal
from storage.records.failure_type import FailureType

_OUT_OF_MEMORY = (
    "Reading the file took more memory than allowed. Split it into parts, or save it again in a simpler form."
)
_NEARLY_FULL = 0.9
_PROGRESS_SECONDS = 0.5
_THREAD_STACK_BYTES = 1 << 20  # the usual 8 MB each would count against the memory limit
_GARBAGE_THRESHOLDS = (
    100_000,
    50,
    1000,
)  # a document is a million objects and no cycles: looking for them costs a tenth
_BROKEN_SEAL = (
    "The file made its reader try to reach the network or write files, which no document may. "
    "Do not trust it; ask its sender for a clean copy."
)
_UNEXPECTED = (
    "The file is damaged in a way that its reader did not expect. Open the original, save it again and upload the copy."
)


def main() -> int:
    """Serve until the input ends."""
    folder = Path(sys.argv[1]).resolve()
    source = os.fdopen(os.dup(0), "rb")
    sink = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # a library that prints must not spoil the frames
    os.chdir(folder)
    threading.stack_size(_THREAD_STACK_BYTES)
    gc.set_threshold(*_GARBAGE_THRESHOLDS)
    _limit_process()
    cut_network()
    seal(folder)
    while (frame := read_frame(source)) is not None:
        request = SandboxRequest.model_validate_json(frame)
        _limit_request(request)
        _answer(request, sink)
    shutil.rmtree(folder, ignore_errors=True)  # the worker is gone, perhaps without a chance to do it
    return 0


def _answer(request: SandboxRequest, sink: BinaryIO) -> None:
    before_mb = _peak_mb()
    try:
        with listening(_listener(sink)):
            reply = ParseReply(document=parse(request.parse))
    except ParseError as error:
        reply = ParseReply(failure_type=error.failure_type, reason=error.reason)
    except MemoryError:
        reply = ParseReply(failure_type=FailureType.OUT_OF_MEMORY, reason=_OUT_OF_MEMORY)
    except SealBrokenError:
        reply = ParseReply(failure_type=FailureType.DAMAGED, reason=_BROKEN_SEAL)
    except Exception as error:  # noqa: BLE001 - a parser may raise anything; the document fails, the worker goes on
        reply = ParseReply(failure_type=FailureType.DAMAGED, reason=_UNEXPECTED, error=type(error).__name__)
    if reply.failure_type is FailureType.DAMAGED and before_mb < _peak_mb() > _NEARLY_FULL * request.memory_mb:
        # Libraries report a failed allocation in many ways, most of which look like damage.
        reply = ParseReply(failure_type=FailureType.OUT_OF_MEMORY, reason=_OUT_OF_MEMORY)
    _send(sink, reply)


def _listener(sink: BinaryIO) -> Listener:
    last = time.monotonic()

    def pages(done: int, total: int) -> None:
        nonlocal last
        if time.monotonic() - last >= _PROGRESS_SECONDS:
            last = time.monotonic()
            write_progress(sink, done, total)

    return Listener(
        pages=pages,
        reading_pictures=lambda: write_frame(sink, PICTURES),
        parts=lambda text, blocks: write_parts(sink, text, blocks),
    )


def _send(sink: BinaryIO, reply: ParseReply) -> None:
    try:
        write_reply(sink, reply)
    except MemoryError:  # the parts that were sent are dropped by the reader
        write_reply(sink, ParseReply(failure_type=FailureType.OUT_OF_MEMORY, reason=_OUT_OF_MEMORY))


def _peak_mb() -> float:
    """The most address space that this process ever had; it never falls."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:  # not Linux
        return 0.0
    return next((int(line.split()[1]) for line in status.splitlines() if line.startswith("VmPeak")), 0) / 1024


def _limit_process() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (128, 128))


def _limit_request(request: SandboxRequest) -> None:
    """Limits are soft, so that a reused process gets fresh CPU time for each document."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    used = usage.ru_utime + usage.ru_stime
    _soft(resource.RLIMIT_CPU, int(used) + request.cpu_seconds + 1)
    _soft(resource.RLIMIT_AS, request.memory_mb << 20)
    _soft(resource.RLIMIT_FSIZE, request.memory_mb << 20)


def _soft(kind: int, value: int) -> None:
    _, hard = resource.getrlimit(kind)
    resource.setrlimit(kind, (value if hard == resource.RLIM_INFINITY else min(value, hard), hard))


if __name__ == "__main__":
    sys.exit(main())
