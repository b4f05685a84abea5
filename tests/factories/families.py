"""Processes that a test waits for."""

import time
from collections.abc import Sequence

import psutil


def left_after(processes: Sequence[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Those that still run then. One that only waits for somebody to take note of its end has ended."""
    deadline = time.monotonic() + seconds
    while (left := [one for one in processes if _runs(one)]) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
