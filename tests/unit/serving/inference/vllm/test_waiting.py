"""Processes of a server on a CPU sleep where they would yield: also those that it starts itself."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from serving.inference.vllm.door import pixel_door

# Told by the process and by one that it spawns.
_TELL = """
import multiprocessing, os, posix
def tell():
    print(os.sched_yield is not posix.sched_yield, flush=True)
    os.sched_yield()
if __name__ == "__main__":
    tell()
    child = multiprocessing.get_context("spawn").Process(target=tell)
    child.start()
    child.join()
"""


@pytest.mark.parametrize(("sleeps", "expected"), [("1", ["True", "True"]), ("0", ["False", "False"])])
def test_every_process_does_as_it_was_started(tmp_path: Path, sleeps: str, expected: list[str]) -> None:
    script = tmp_path / "tell.py"
    script.write_text(_TELL)
    door = str(Path(pixel_door.__file__).parent)
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": door, "PYTHONSAFEPATH": "1", "PIXEL_DOOR_SLEEPS": sleeps}
    told = subprocess.run([sys.executable, script], env=environment, capture_output=True, text=True, check=True)
    assert told.stdout.split() == expected
