"""`pixel erase`, `pixel backup`, `pixel restore` and `pixel drill` on real stores."""

import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from sqlalchemy import Engine

from cli.main import run_command
from cli.settings import cli_settings
from serving.bots.bootstrap import create_default_bot
from storage import event_log
from storage.postgres import embedded
from storage.postgres.models.organization import Organization
from storage.settings import StorageSettings

NOTE = "# Keys\n\nThe spare key hangs behind the cobalt door of the western workshop, next to the lantern.\n"


@pytest.fixture(autouse=True)
def workplace(
    settings: StorageSettings, owner: Engine, organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """An organization of its own with the default bot."""
    create_default_bot(owner, organization.id, knowledge_base="default", slug="assistant")
    monkeypatch.setenv("PIXEL_ORGANIZATION", organization.slug)
    cli_settings.cache_clear()
    yield
    event_log.close()
    structlog.reset_defaults()
    cli_settings.cache_clear()


@pytest.fixture
def note(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """A document that was taken in; its name."""
    (tmp_path / "note.md").write_text(NOTE)
    assert run_command(["ingest", str(tmp_path / "note.md"), "--json"]) == 0
    capsys.readouterr()
    return "note.md"


@pytest.fixture
def home() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="pixel-into-"))
    yield folder / "home"
    embedded.stop(StorageSettings(_env_file=None, home=folder / "home"), immediate=True)
    shutil.rmtree(folder)


def output(capsys: pytest.CaptureFixture[str]) -> list[Any]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


class TestErase:
    def test_a_document_by_name_with_its_proof(self, note: str, capsys: pytest.CaptureFixture[str]) -> None:
        assert run_command(["erase", "--document", note, "--json"]) == 0
        (row,) = output(capsys)
        assert (row["state"], row["proof"]["left"]) == ("completed", {})
        assert row["touched"]["documents"] == 1
        assert run_command(["search", "spare key", "--json"]) == 0
        assert output(capsys)[0]["passages"] == []
        assert run_command(["erase", "--list", "--json"]) == 0
        assert [entry["id"] for entry in output(capsys)] == [row["id"]]

    def test_people_read_what_was_touched_and_searched(self, note: str, capsys: pytest.CaptureFixture[str]) -> None:
        assert run_command(["erase", "--knowledge-base", "default"]) == 0
        said = capsys.readouterr().out
        assert "knowledge bases" in said
        assert "pieces: 0 found" in said

    def test_what_is_left_is_named_and_the_status_is_1(
        self, note: str, settings: StorageSettings, capsys: pytest.CaptureFixture[str]
    ) -> None:
        leak = settings.home_path / "dagster" / "leak.txt"
        leak.parent.mkdir(exist_ok=True)
        leak.write_text(NOTE)
        try:
            assert run_command(["erase", "--document", note]) == 1
        finally:
            leak.unlink()
        assert f"left in {leak}" in capsys.readouterr().err

    @pytest.mark.parametrize(
        ("arguments", "status", "words"),
        [
            (["erase"], 2, "name one of --document"),
            (["erase", "--document", "a", "--subject", "b"], 2, "name one of --document"),
            (["erase", "--document", "a", "--with-uploads"], 2, "goes with --subject"),
            (["erase", "--document", "nowhere.pdf"], 1, "No document 'nowhere.pdf'"),
            (["erase", "--knowledge-base", "nowhere"], 1, "No knowledge base has the slug 'nowhere'"),
        ],
    )
    def test_wrong_input_is_said(
        self, arguments: list[str], status: int, words: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert run_command(arguments) == status
        assert words in capsys.readouterr().err


class TestBackup:
    def test_back_up_and_restore_elsewhere(
        self, note: str, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        root = str(tmp_path / "backups")
        assert run_command(["backup", root, "--json"]) == 0
        (made,) = output(capsys)
        assert made["file_count"] > 0
        assert run_command(["backup", root, "--keep", "1"]) == 0
        assert "(0 new)" in capsys.readouterr().out
        assert run_command(["restore", root, "--into", str(home), "--json"]) == 0
        (report,) = output(capsys)
        assert report["backup"] > made["name"]
        assert report["index_drift_rows"] == 0
        assert run_command(["restore", root, "--into", str(home)]) == 1
        assert "holds an installation already" in capsys.readouterr().err
        assert run_command(["restore", root, "--into", str(home), "--replace"]) == 0
        assert "recovery took" in capsys.readouterr().out

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (["restore", "{empty}"], "holds no backups of this product"),
            (["restore", "{empty}", "--ledger", "{empty}/none.jsonl"], "There is no ledger"),
            (["backup", "{full}"], "is not empty and holds no backups"),
        ],
    )
    def test_wrong_input_is_one_line(
        self, arguments: list[str], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        places = {"empty": tmp_path / "empty", "full": tmp_path / "full"}
        for place in places.values():
            place.mkdir()
        (places["full"] / "x").write_text("x")
        assert run_command([argument.format(**places) for argument in arguments]) == 1
        error = capsys.readouterr().err
        assert words in error
        assert len(error.splitlines()) == 1

    def test_a_drill(self, note: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert run_command(["drill", "--folder", str(tmp_path / "backups"), "--json"]) == 0
        (row,) = output(capsys)
        assert row["is_passed"] is True
        assert row["recovery_seconds"] > 0
