"""`pixel document` on real stores."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from sqlalchemy import Engine

from cli.main import run_command
from cli.settings import cli_settings
from serving.bots.bootstrap import create_default_bot
from storage import event_log
from storage.postgres.models.organization import Organization
from storage.settings import StorageSettings
from tests.integration.cli.test_commands import output

ONE = "# Keys\n\nThe spare key hangs behind the blue door of the workshop and nobody takes it home.\n"
TWO = ONE.replace("blue door", "green cupboard")
BROKEN = ONE.translate(str.maketrans("aeiouy", "xzqkvw"))


@pytest.fixture(autouse=True)
def workplace(
    settings: StorageSettings, owner: Engine, organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    create_default_bot(owner, organization.id, knowledge_base="default", slug="assistant")
    monkeypatch.setenv("PIXEL_ORGANIZATION", organization.slug)
    cli_settings.cache_clear()
    yield
    event_log.close()
    structlog.reset_defaults()
    cli_settings.cache_clear()


@pytest.fixture
def note(tmp_path: Path) -> Path:
    path = tmp_path / "note.md"
    for text in (ONE, TWO, BROKEN):
        path.write_text(text)
        assert run_command(["ingest", str(path), "--json"]) == 0
    return path


@pytest.mark.usefixtures("note")
class TestDocument:
    def test_held_is_seen_and_discarded(self, capsys: pytest.CaptureFixture[str]) -> None:
        capsys.readouterr()
        assert run_command(["document", "list", "--json"]) == 0
        (row,) = output(capsys)
        assert (row["name"], row["state"], row["version"]) == ("note.md", "held", 3)
        assert run_command(["document", "discard", "note.md", "3", "--json"]) == 0
        assert output(capsys)[0]["state"] == "superseded"
        assert run_command(["document", "discard", "note.md", "3"]) == 1
        assert "only one that is held" in capsys.readouterr().err

    def test_going_back_by_number(self, capsys: pytest.CaptureFixture[str]) -> None:
        capsys.readouterr()
        assert run_command(["document", "make-current", "note.md", "1"]) == 0
        capsys.readouterr()
        assert run_command(["document", "versions", "note.md", "--json"]) == 0
        assert [(v["number"], v["state"]) for v in output(capsys)] == [(4, "ready"), (3, "held"), (2, "superseded")]

    def test_a_diff_for_people_and_for_programs(self, capsys: pytest.CaptureFixture[str]) -> None:
        capsys.readouterr()
        assert run_command(["document", "diff", "note.md"]) == 0
        printed = capsys.readouterr().out
        assert "- The spare key hangs behind the blue door" in printed
        assert "+ The spare key hangs behind the green cupboard" in printed
        assert run_command(["document", "diff", "note.md", "--from", "2", "--to", "1", "--json"]) == 0
        assert output(capsys)[0]["changed"] == 1

    def test_unknown_names_say_what_to_do(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run_command(["document", "versions", "nowhere.md"]) == 1
        assert "pixel document list" in capsys.readouterr().err
        assert run_command(["document", "make-current", "note.md", "9"]) == 1
        assert "has no version '9'" in capsys.readouterr().err


class TestSource:
    def test_add_sync_list_remove(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        (tmp_path / "note.md").write_text(ONE)
        assert run_command(["source", "add", "notes", "folder", str(tmp_path)]) == 0
        capsys.readouterr()
        assert run_command(["source", "sync", "--json"]) == 0
        assert output(capsys) == [
            {"name": "notes", "staged": 1, "unchanged": 0, "failed": 0, "vanished": 0, "problems": []}
        ]
        assert run_command(["source", "list", "--json"]) == 0
        assert output(capsys)[0]["last_result"]["staged"] == 1
        assert run_command(["source", "remove", "notes"]) == 0
        capsys.readouterr()
        assert run_command(["document", "list", "--json"]) == 0
        assert output(capsys)[0]["state"] == "ready"

    def test_mistakes_are_one_line(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run_command(["source", "add", "x", "ftp", "y"]) == 1
        assert "valid: folder, urls, sitemap, bucket" in capsys.readouterr().err
        assert run_command(["source", "sync", "nowhere"]) == 1
        assert "No source 'nowhere'" in capsys.readouterr().err
