"""Threads that end while tests are traced do not hang the main thread."""

import subprocess
import sys
from pathlib import Path

# Each thread's greenlet has a callback that lets other threads end before it calls a function.
PROGRAM = """
import sys, threading, time, weakref
import coverage, greenlet
from tests import thread_ends
thread_ends.install()
watched = []
def inner(): pass
def died(_):
    time.sleep(0.02)
    inner()
def work(wait):
    watched.append(weakref.ref(greenlet.getcurrent(), died))
    time.sleep(wait)
coverage.Coverage(data_file=None).start()
for _ in range(4):
    threads = [threading.Thread(target=work, args=(0.002 * at,)) for at in range(8)]
    for one in threads: one.start()
    for one in threads: one.join()
    thread_ends.let_go()
thread_ends.let_go()
assert sum(one() is None for one in watched) >= 24, watched
"""


def test_a_callback_that_outlasts_another_thread_comes_to_its_end() -> None:
    ended = subprocess.run([sys.executable, "-c", PROGRAM], cwd=Path(__file__).parents[3], timeout=60, check=False, capture_output=True, text=True)  # fmt: skip
    assert ended.returncode == 0, ended.stderr
