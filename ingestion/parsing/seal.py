"""Takes from a process what a parser never needs: the network, other programs, and writing outside its own folder.

The kernel's network namespace is used where it may be; the audit hook works everywhere and cannot be removed again. It
guards against parsers that are misled by a document, not against native code that an attacker controls.
"""

import ctypes
import os
import shutil
import sys
from pathlib import Path
from typing import Any

_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000
_WRITE_FLAGS = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_HARMLESS = {os.devnull, "/dev/tty"}
# Events that change the file system, and which of their arguments are paths.
_CHANGES = {
    "os.remove": (0,),
    "os.rename": (0, 1),
    "os.mkdir": (0,),
    "os.rmdir": (0,),
    "os.chmod": (0,),
    "os.chown": (0,),
    "os.truncate": (0,),
    "os.utime": (0,),
    "os.link": (0, 1),
    "os.symlink": (1,),
    "shutil.rmtree": (0,),
    "shutil.move": (0, 1),
}
_PROGRAMS = ("subprocess.Popen", "os.exec", "os.posix_spawn", "os.spawn", "os.system", "os.startfile", "pty.spawn")
_PROCESSES = ("os.fork", "os.forkpty", "os.killpg", "signal.pthread_kill")


class SealBrokenError(BaseException):
    """Sealed code tried something forbidden. A BaseException, so that no `except Exception` of a library hides it."""


def cut_network() -> bool:
    """Move this process into an empty network namespace, where the kernel allows it.

    Returns:
        Whether it worked.
    """
    if not sys.platform.startswith("linux"):
        return False
    library = ctypes.CDLL(None, use_errno=True)
    return any(library.unshare(flags) == 0 for flags in (_CLONE_NEWNET, _CLONE_NEWUSER | _CLONE_NEWNET))


def seal(folder: Path) -> None:
    """Forbid network, other programs and writing outside a folder, for the rest of this process's life.

    Args:
        folder: The only place that may be written to.
    """
    inside = os.path.realpath(folder) + os.sep
    allowed_programs = {path for name in ("tesseract",) if (path := shutil.which(name))}

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, _, flags = arguments
            if isinstance(flags, int) and flags & _WRITE_FLAGS:
                _check_path(path, inside)
        elif event.startswith("socket."):
            raise SealBrokenError("network")
        elif event in _CHANGES:
            for index in _CHANGES[event]:
                _check_path(arguments[index], inside)
        elif event == "os.kill" and _is_child(arguments[0]):
            return  # a Tesseract that takes too long
        elif (
            event == "os.kill"
            or event in _PROCESSES
            or (event in _PROGRAMS and not _is_allowed(arguments, allowed_programs))
        ):
            raise SealBrokenError("program")

    sys.addaudithook(watch)


def _is_allowed(arguments: tuple[Any, ...], programs: set[str]) -> bool:
    program = arguments[0] if arguments else None
    return isinstance(program, str) and shutil.which(program) in programs


def _is_child(pid: Any) -> bool:
    """Whether a process was started by this one and has not been waited for, so that its number is still its own."""
    if not isinstance(pid, int) or pid <= 0 or not hasattr(os, "waitid"):
        return False
    try:
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except OSError:
        return False
    return True


def _check_path(path: Any, inside: str) -> None:
    if isinstance(path, int):
        return  # an open descriptor: it was checked when it was opened
    real = os.path.realpath(os.fsdecode(path))
    if real in _HARMLESS or (real + os.sep).startswith(inside):
        return
    raise SealBrokenError("write")
