"""Keeps a fault of CPython 3.11 away from tests that are run under coverage: a thread's end can hang the main thread for ever.

When a thread ends that greenlet (and so SQLAlchemy) knows, greenlet asks the main thread to free what it held of it, by
`Py_AddPendingCall`. If that runs Python code, say the callback of a weak reference, and another thread ends meanwhile, then the
call of that callback is traced, finds a pending call waiting that cannot be made within another, and looks again, for ever:
where a function is traced, CPython 3.11 looks for pending calls before each try to enter it. Nothing but tracing does that,
so the product is not concerned, and 3.12 traces in another way.

Here what greenlet holds of a thread is kept until the main thread lets go of it between two tests, where nothing is pending.
"""

import sys
import threading
from typing import Any

import greenlet  # type: ignore[import-untyped]
from greenlet import _greenlet

_kept: dict[threading.Thread, Any] = {}
_ended: list[Any] = []


def install() -> None:
    """Keep what greenlet holds of every thread that begins from here on; nothing is done where it is not needed."""
    if sys.version_info >= (3, 12):
        return
    # It would search all objects for who keeps these, at the end of every thread.
    _greenlet.enable_optional_cleanup(False)
    # Not `run`, which many override.
    begin = threading.Thread._bootstrap_inner  # type: ignore[attr-defined]

    def begin_and_keep(thread: threading.Thread) -> None:
        _kept[thread] = greenlet.getcurrent()
        begin(thread)

    threading.Thread._bootstrap_inner = begin_and_keep  # type: ignore[attr-defined]


def let_go() -> None:
    """Free what is kept of threads that had ended when this was called before: by now greenlet has let go of it as well."""
    _ended.clear()
    for thread in [one for one in list(_kept) if not one.is_alive()]:
        _ended.append(_kept.pop(thread))
