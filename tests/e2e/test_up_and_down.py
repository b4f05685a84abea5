"""`pixel up`, `status`, `logs` and `down` on an installation of their own."""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import psutil
import pytest

from tests.factories.installation import REPOSITORY, free_port

pytestmark = pytest.mark.timeout(600)

SERVICES = ["api", "worker", "dashboards", "dagster-webserver", "dagster-daemon"]


@dataclass(frozen=True)
class Command:
    """`pixel` with a home and ports of its own."""

    home: Path
    environment: dict[str, str]

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "cli", *arguments],
            cwd=REPOSITORY, env=self.environment, capture_output=True, text=True, timeout=400, check=False,
        )  # fmt: skip

    def lines(self, *arguments: str) -> list[Any]:
        done = self.run(*arguments, "--json")
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    def processes(self) -> list[str]:
        """Command lines of everything that belongs to this home."""
        found = []
        for process in psutil.process_iter():
            try:
                if process.environ().get("PIXEL_HOME") == str(self.home) and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(" ".join(process.cmdline()))
            except psutil.Error:
                continue
        return found


@pytest.fixture(scope="module")
def pixel() -> Iterator[Command]:
    home = Path(tempfile.mkdtemp(prefix="pixel-up-"))
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PIXEL_")}
    ports = {f"PIXEL_{name}_PORT": str(free_port()) for name in ("API", "DASHBOARD", "DAGSTER")}
    command = Command(home, inherited | ports | {"PIXEL_HOME": str(home)})
    yield command
    command.run("down")
    shutil.rmtree(home, ignore_errors=True)


class TestUp:
    def test_a_taken_port_is_one_line_that_names_the_setting(self, pixel: Command) -> None:
        port = pixel.environment["PIXEL_API_PORT"]
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", int(port)))
            taken.listen()
            done = pixel.run("up", "--json")
        assert done.returncode == 1
        last = done.stderr.strip().splitlines()[-1]
        assert port in last
        assert "PIXEL_API_PORT" in last
        assert "Traceback" not in done.stderr

    def test_starts_everything_once_and_down_leaves_nothing(self, pixel: Command) -> None:
        started = pixel.lines("up")
        assert [line["name"] for line in started] == SERVICES
        assert all(line["started"] for line in started)
        for line in started:
            if line["url"]:
                assert line["url"].startswith("http://127.0.0.1:")
                assert httpx2.get(line["url"], timeout=30).status_code < 500

        assert not any(line["started"] for line in pixel.lines("up"))
        (state,) = pixel.lines("status")
        assert state["postgres"]
        assert state["schema_current"]
        assert {row["name"] for row in state["services"] if row["running"]} == set(SERVICES)
        assert "api_started" in pixel.run("logs", "api").stdout

        (stopped,) = pixel.lines("down")
        assert set(stopped["stopped"]) == {*SERVICES, "postgres"}
        assert pixel.processes() == []
        (state,) = pixel.lines("status")
        assert not state["postgres"]
        assert not any(row["running"] for row in state["services"])
        assert pixel.lines("down") == [{"stopped": []}]
