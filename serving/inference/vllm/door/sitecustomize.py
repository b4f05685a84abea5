"""Imported by every process of the server as it starts: how they wait for each other, and that none outlives the one it works for.

vLLM's engine and worker poll a shared buffer and give their processor away with `sched_yield` between looks, hundreds of thousands
of times a second. On a GPU's host that is a core of its own. Where the model's processors are also everybody's, newer kernels take each
yield for a slice of time that was used up, and the books of the scheduler drift so far apart that processes which only wait for a
timer or a socket, the server's own among them, are not run for seconds.

When the server is killed, those that it started go on polling for what never comes, and hold the memory of the card.
"""

import os
import signal
import sys
import threading
import time

_POLL_S = 0.00002
_LOOK_S = 1.0
# Who started this process; handed on to each that it starts itself. The server was started by nobody who matters.
_PARENT = "PIXEL_DOOR_PARENT"

if os.environ.get("PIXEL_DOOR_SLEEPS") == "1":

    def _sleep() -> None:
        time.sleep(_POLL_S)

    os.sched_yield = _sleep


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_LOOK_S)
    os.kill(os.getpid(), signal.SIGKILL)


def _watch() -> None:
    parent = int(os.environ.get(_PARENT, "0"))
    os.environ[_PARENT] = str(os.getpid())
    if os.getppid() == parent:
        threading.Thread(target=_end_with, args=(parent,), name="parent-watch", daemon=True).start()


# Python's own process that gives back what the others shared ends after them, by itself.
if not any("resource_tracker" in argument for argument in sys.orig_argv):
    _watch()
    # A copy has the memory of its parent, with what that one handed on, and none of its threads.
    os.register_at_fork(after_in_child=_watch)
