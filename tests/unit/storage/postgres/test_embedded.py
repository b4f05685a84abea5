"""Tests of the embedded server, on clusters of their own."""

import os
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from storage.errors import DatabaseUnavailableError
from storage.postgres import embedded
from storage.postgres.urls import embedded_url, socket_folder
from storage.settings import StorageSettings


@pytest.fixture(scope="module", params=["short", "long"])
def settings(request: pytest.FixtureRequest) -> Iterator[StorageSettings]:
    """Settings of a home whose path is short enough for a socket, and of one that is not."""
    home = Path(tempfile.mkdtemp(prefix="pixel-pg-"))
    nested = home / ("n" * 120) if request.param == "long" else home / "h"
    settings = StorageSettings(_env_file=None, home=nested)
    yield settings
    embedded.stop(settings, immediate=True)
    shutil.rmtree(home, ignore_errors=True)
    if socket_folder(settings.postgres_path) != settings.postgres_path:
        shutil.rmtree(socket_folder(settings.postgres_path), ignore_errors=True)


def query(settings: StorageSettings, statement: str) -> object:
    engine = create_engine(embedded_url(settings, "postgres", "postgres"), isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            result = connection.execute(text(statement))
            return result.scalar() if result.returns_rows else None
    finally:
        engine.dispose()


def postmaster(settings: StorageSettings) -> int:
    return int((settings.postgres_path / "postmaster.pid").read_text().splitlines()[0])


class TestStart:
    def test_starts_once_and_stops_once(self, settings: StorageSettings) -> None:
        assert not embedded.is_running(settings)
        assert embedded.start(settings)
        assert not embedded.start(settings)
        assert embedded.is_running(settings)
        assert query(settings, "SELECT 1") == 1
        assert embedded.stop(settings)
        assert not embedded.stop(settings)
        assert not embedded.is_running(settings)

    def test_what_was_committed_survives_a_crash(self, settings: StorageSettings) -> None:
        embedded.start(settings)
        query(settings, "DROP TABLE IF EXISTS kept")
        query(settings, "CREATE TABLE kept AS SELECT 42 AS value")
        pid = postmaster(settings)
        os.kill(pid, signal.SIGKILL)
        deadline = time.monotonic() + 20
        while embedded.is_running(settings) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert embedded.start(settings)
        assert postmaster(settings) != pid
        assert query(settings, "SELECT value FROM kept") == 42
        assert embedded.stop(settings)

    def test_two_starters_at_once_start_it_once(self, settings: StorageSettings) -> None:
        results: list[bool] = []
        threads = [threading.Thread(target=lambda: results.append(embedded.start(settings))) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(results) == [False, True]
        assert embedded.stop(settings)

    def test_it_listens_on_no_network(self, settings: StorageSettings) -> None:
        embedded.start(settings)
        assert query(settings, "SHOW listen_addresses") == ""
        assert embedded.stop(settings, immediate=True)


class TestAFolderThatCannotBeUsed:
    def test_is_one_clear_line(self, tmp_path: Path) -> None:
        below = tmp_path / "file"
        below.write_text("not a folder")
        with pytest.raises(DatabaseUnavailableError) as caught:
            embedded.start(StorageSettings(_env_file=None, home=below / "home"))
        message = str(caught.value)
        assert str(below / "home") in message
        assert "PIXEL_HOME" in message
        assert "\n" not in message

    def test_a_file_where_the_lock_belongs_is_one_clear_line(self, tmp_path: Path) -> None:
        (tmp_path / "postgres.lock").mkdir()
        with pytest.raises(DatabaseUnavailableError, match="PIXEL_HOME"):
            embedded.start(StorageSettings(_env_file=None, home=tmp_path))

    def test_a_data_folder_of_something_else_is_one_clear_line(self, tmp_path: Path) -> None:
        (tmp_path / "postgres").mkdir()
        (tmp_path / "postgres" / "something.txt").write_text("else")
        with pytest.raises(DatabaseUnavailableError) as caught:
            embedded.start(StorageSettings(_env_file=None, home=tmp_path))
        assert str(tmp_path / "postgres") in str(caught.value)
        assert "\n" not in str(caught.value)


class TestBinary:
    def test_names_programs_that_are_there(self) -> None:
        assert embedded.binary("pg_dump").is_file()
