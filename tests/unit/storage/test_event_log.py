"""Tests of the structured log."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from storage import event_log
from storage.settings import StorageSettings

SECRET = "the launch code is 0000"


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[StorageSettings]:
    """A configured log in a home of its own."""
    settings = StorageSettings(_env_file=None, home=tmp_path)
    root = logging.getLogger()
    level = root.level
    event_log.configure(settings, "proof")
    yield settings
    event_log.close()
    root.setLevel(level)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def events(settings: StorageSettings) -> list[dict[str, Any]]:
    return [json.loads(line) for line in event_log.log_file(settings, "proof").read_text().splitlines()]


class TestConfigure:
    def test_an_event_is_one_line_of_json(self, settings: StorageSettings) -> None:
        structlog.get_logger("storage.x").info("thing_done", count=3)
        (event,) = events(settings)
        assert (event["event"], event["count"], event["level"], event["process"]) == ("thing_done", 3, "info", "proof")
        assert event["logger"] == "storage.x"
        assert event["timestamp"].endswith("Z")

    @pytest.mark.parametrize("name", sorted(event_log._NEVER))
    def test_content_is_withheld(self, settings: StorageSettings, name: str) -> None:
        structlog.get_logger("serving.x").info("thing_done", **{name: SECRET})
        logging.getLogger("serving.y").warning("thing_done", extra={name: SECRET})
        written = event_log.log_file(settings, "proof").read_text()
        assert SECRET not in written
        assert [event[name] for event in events(settings)] == ["[withheld]"] * 2

    def test_a_trace_has_no_local_variables(self, settings: StorageSettings) -> None:
        def fail(question: str) -> None:
            answer = question.upper()
            raise ValueError(len(answer))

        try:
            fail(SECRET)
        except ValueError as error:
            structlog.get_logger("serving.x").error("thing_failed", exc_info=error)
        written = event_log.log_file(settings, "proof").read_text()
        assert "ValueError" in written
        assert '"lineno"' in written
        assert SECRET not in written
        assert SECRET.upper() not in written

    def test_libraries_are_heard_from_warnings_on(self, settings: StorageSettings) -> None:
        logging.getLogger("somebody.else").info("chatter")
        logging.getLogger("somebody.else").warning("something odd")
        assert [event["event"] for event in events(settings)] == ["something odd"]

    def test_a_second_configuration_does_not_write_twice(self, settings: StorageSettings) -> None:
        event_log.configure(settings, "proof")
        structlog.get_logger("storage.x").info("thing_done")
        assert len(events(settings)) == 1


class TestClose:
    def test_nothing_is_written_afterwards(self, settings: StorageSettings) -> None:
        event_log.close()
        structlog.get_logger("storage.x").warning("thing_done")
        assert not event_log.log_file(settings, "proof").exists()
