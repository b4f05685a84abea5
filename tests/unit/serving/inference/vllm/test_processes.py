"""What every process of a server does: on a CPU it sleeps where it would yield, and it ends with the one that started it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from serving.inference.vllm.door import pixel_door
from tests.factories.families import left_after

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
# A server with an engine that has a worker, as vLLM has them; each says who it is, and polls for ever.
_FAMILY = """
import multiprocessing, os, sys, time
def poll(depth, how):
    print(os.getpid(), flush=True)
    if depth:
        multiprocessing.get_context(how).Process(target=poll, args=(depth - 1, how)).start()
    while True:
        time.sleep(0.01)
if __name__ == "__main__":
    poll(2, sys.argv[1])
"""
_LONGER_THAN_A_LOOK_S = 2.5
_ENDED_WITHIN_S = 8


def environment(**more: str) -> dict[str, str]:
    door = str(Path(pixel_door.__file__).parent)
    return {"PATH": os.environ["PATH"], "PYTHONPATH": door, "PYTHONSAFEPATH": "1", **more}


@pytest.mark.parametrize(("sleeps", "expected"), [("1", ["True", "True"]), ("0", ["False", "False"])])
def test_every_process_yields_as_it_was_started(tmp_path: Path, sleeps: str, expected: list[str]) -> None:
    script = tmp_path / "tell.py"
    script.write_text(_TELL)
    told = subprocess.run(
        [sys.executable, script], env=environment(PIXEL_DOOR_SLEEPS=sleeps), capture_output=True, text=True, check=True
    )
    assert told.stdout.split() == expected


class TestFamily:
    @pytest.fixture(params=["spawn", "fork"])
    def family(self, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[list[psutil.Process]]:
        """Server, engine and worker; whoever typed the command is gone already."""
        script, out = tmp_path / "family.py", tmp_path / "out"
        script.write_text(_FAMILY)
        command = f'"{sys.executable}" "{script}" {request.param} > "{out}" 2>&1 &'
        subprocess.run(["/bin/sh", "-c", command], env=environment(), check=True)
        found: list[psutil.Process] = []
        for _ in range(200):
            time.sleep(0.05)
            told = out.read_text().split() if out.exists() else []
            if len(told) == 3:
                found = [psutil.Process(int(pid)) for pid in told]
                break
        assert len(found) == 3, out.read_text()
        yield found
        for process in found:
            if process.is_running():
                process.kill()

    def test_nobody_outlives_a_server_that_is_killed(self, family: list[psutil.Process]) -> None:
        family[0].send_signal(signal.SIGKILL)

        assert left_after(family, _ENDED_WITHIN_S) == []

    def test_nobody_ends_while_it_lives(self, family: list[psutil.Process]) -> None:
        time.sleep(_LONGER_THAN_A_LOOK_S)

        assert left_after(family, 0) == family
