"""`pixel kb` on real stores."""

from pathlib import Path

import pytest

from cli.main import run_command
from tests.integration.cli.test_commands import output
from tests.integration.cli.test_document import ONE, workplace

__all__ = ["workplace"]


@pytest.fixture
def note(tmp_path: Path) -> str:
    """A document in the knowledge base `default`."""
    path = tmp_path / "note.md"
    path.write_text(ONE)
    assert run_command(["ingest", str(path), "--json"]) == 0
    return path.name


class TestKb:
    def test_made_listed_archived(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run_command(["kb", "create", "The Attic", "--tag", "old", "--json"]) == 0
        assert output(capsys)[0]["slug"] == "the-attic"
        assert run_command(["kb", "list", "--json"]) == 0
        assert [(row["slug"], row["tags"]) for row in output(capsys)] == [("default", []), ("the-attic", ["old"])]
        assert run_command(["kb", "archive", "the-attic"]) == 0
        capsys.readouterr()
        assert run_command(["kb", "list", "--archived", "--json"]) == 0
        assert [row["slug"] for row in output(capsys)] == ["the-attic"]

    def test_shared_by_slug(self, capsys: pytest.CaptureFixture[str]) -> None:
        run_command(["kb", "create", "Attic"])
        capsys.readouterr()
        assert run_command(["kb", "share", "attic", "nobody"]) == 1
        assert "assistant" in capsys.readouterr().err
        assert run_command(["kb", "share", "attic", "assistant", "--json"]) == 0
        assert [(row["slug"], row["reads_it"]) for row in output(capsys)] == [("assistant", True)]

    def test_copied_moved_and_tagged(self, note: str, capsys: pytest.CaptureFixture[str]) -> None:
        run_command(["kb", "create", "Attic"])
        run_command(["kb", "create", "Cellar"])
        capsys.readouterr()
        assert run_command(["kb", "copy", note, "--to", "attic", "--json"]) == 0
        (copied,) = output(capsys)
        assert run_command(["kb", "tag", note, "--add", "keys"]) == 1
        assert "2 documents are called" in capsys.readouterr().err
        assert run_command(["kb", "tag", note, "--from", "attic", "--add", "keys", "--json"]) == 0
        assert output(capsys)[0]["changed"] == 1
        assert run_command(["kb", "move", note, "--from", "attic", "--to", "default"]) == 1
        assert "Already there: note.md" in capsys.readouterr().err
        assert run_command(["kb", "move", note, "--from", "attic", "--to", "cellar", "--json"]) == 0
        assert output(capsys)[0]["document_ids"] == copied["document_ids"]
        assert run_command(["search", "Where is the spare key?", "--knowledge-base", "cellar", "--json"]) == 0
        assert "workshop" in output(capsys)[0]["passages"][0]["text"]
