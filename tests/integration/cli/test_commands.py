"""The command on real stores."""

import json
import os
import subprocess
import sys
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
from storage.postgres.models.organization import Organization
from storage.settings import StorageSettings

NOTE = "# Keys\n\nThe spare key hangs behind the blue door of the workshop.\n"


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
def folder(tmp_path: Path) -> Path:
    (tmp_path / "note.md").write_text(NOTE)
    (tmp_path / "empty.pdf").write_bytes(b"")
    return tmp_path


def output(capsys: pytest.CaptureFixture[str]) -> list[Any]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


class TestIngest:
    def test_one_line_per_file_and_a_summary(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert run_command(["ingest", str(folder), "--json"]) == 0
        *files, last = output(capsys)
        states = {Path(row["path"]).name: row["state"] for row in files}
        assert states == {"note.md": "ready", "empty.pdf": "failed"}
        assert set(files[0]) == {"path", "state", "reason", "document_id", "pages", "passages", "seconds"}
        assert last["summary"]["ready"] == 1

    def test_a_second_time_is_no_work(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        run_command(["ingest", str(folder), "--json"])
        capsys.readouterr()
        assert run_command(["ingest", str(folder), "--json"]) == 0
        summary = output(capsys)[-1]["summary"]
        assert (summary["embeddings_computed"], summary["unchanged"]) == (0, 2)

    def test_people_read_what_failed_and_why(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert run_command(["ingest", str(folder), "--knowledge-base", "My Notes"]) == 0
        printed = capsys.readouterr()
        assert "empty.pdf" in printed.err
        assert "2 files: 1 read" in printed.out

    def test_a_missing_path_is_one_line(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert run_command(["ingest", str(tmp_path / "nowhere")]) == 1
        error = capsys.readouterr().err
        assert error.startswith("pixel: No such file or folder")
        assert len(error.splitlines()) == 1


class TestSearch:
    def test_passages_have_their_place(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        run_command(["ingest", str(folder), "-k", "Notes", "--json"])
        capsys.readouterr()
        assert run_command(["search", "spare key", "--knowledge-base", "Notes", "--json"]) == 0
        passage = output(capsys)[0]["passages"][0]
        assert passage["rank"] == 1
        assert passage["document"] == "note.md"
        assert NOTE[passage["span"][0] : passage["span"][1]] == passage["text"]
        assert run_command(["search", "spare key"]) == 0
        assert "note.md" in capsys.readouterr().out

    def test_queries_come_from_a_file(self, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        run_command(["ingest", str(folder), "--json"])
        capsys.readouterr()
        queries = tmp_path / "queries.jsonl"
        queries.write_text('{"id": "a", "text": "spare key"}\n\n{"id": 2, "text": "blue door"}\n')
        assert run_command(["search", "--queries", str(queries)]) == 0
        assert [(row["id"], row["passages"][0]["document"]) for row in output(capsys)] == [
            ("a", "note.md"),
            (2, "note.md"),
        ]

    def test_a_malformed_line_is_named(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        queries = tmp_path / "queries.jsonl"
        queries.write_text('{"id": "a", "text": "x"}\n{"text": "y"}\n')
        assert run_command(["search", "--queries", str(queries)]) == 1
        assert "queries.jsonl:2" in capsys.readouterr().err

    def test_nothing_and_unknown_are_said(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run_command(["search", "anything"]) == 0
        assert "nothing found" in capsys.readouterr().out
        assert run_command(["search", "anything", "-k", "nowhere"]) == 1
        assert "there is: default" in capsys.readouterr().err
        assert run_command(["search", "anything", "--mode", "psychic"]) == 1
        assert "psychic" in capsys.readouterr().err

    def test_wrong_usage_is_2(self) -> None:
        assert run_command(["search"]) == 2
        assert run_command(["search", "x", "--limit", "0"]) == 2


class TestAsk:
    def test_the_answer_names_its_source(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        run_command(["ingest", str(folder), "--json"])
        capsys.readouterr()
        assert run_command(["ask", "Where does the spare key hang?", "--json"]) == 0
        answer = output(capsys)[0]
        assert set(answer) == {"answer", "citations", "refused", "receipt"}
        assert "blue door" in answer["answer"]
        assert answer["citations"][0]["document_name"] == "note.md"
        assert run_command(["ask", "Where does the spare key hang?"]) == 0
        assert "[1] note.md" in capsys.readouterr().out

    def test_an_unknown_bot_is_one_line(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run_command(["ask", "hello", "--bot", "nobody"]) == 1
        assert "nobody" in capsys.readouterr().err

    def test_an_empty_question_is_one_line(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run_command(["ask", "  "]) == 1
        assert "1 to 8000 characters" in capsys.readouterr().err


class TestVerify:
    def test_it_says_whether_the_tables_agree(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        run_command(["ingest", str(folder), "--json"])
        capsys.readouterr()
        assert run_command(["verify", "--json"]) == 0
        report = output(capsys)[0]
        assert (report["clean"], report["index_drift_rows"]) == (True, 0)
        assert run_command(["verify"]) == 0
        assert "all tables agree" in capsys.readouterr().out


class TestEvalRun:
    QUESTIONS = """
- {id: a, question: "Where does the spare key hang?", language: en, answerable: true, document: note.md, answer: blue door}
- {id: b, question: "Who painted the Sistine Chapel?", language: en, answerable: false, document: null, answer: null}
"""

    def test_it_prints_shares_with_intervals(
        self, folder: Path, tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
    ) -> None:
        questions = tmp_path_factory.mktemp("questions") / "questions.yaml"
        questions.write_text(self.QUESTIONS)
        run_command(["ingest", str(folder), "--json"])
        capsys.readouterr()
        assert run_command(["eval", "run", "grounded_answers", "--questions", str(questions), "--json"]) == 0
        result = output(capsys)[0]
        assert result["metrics"]["document_hit_at_5"]["value"] == 1
        assert result["metrics"]["refusal_recall"] == pytest.approx(
            {"value": 1, "low": 0.2065, "high": 1, "passes": 1, "count": 1}, abs=1e-3
        )
        assert Path(result["report"]).read_text().startswith("<!doctype html>")
        assert run_command(["eval", "run", "grounded_answers", "--questions", str(questions)]) == 0
        assert "document_hit_at_5" in capsys.readouterr().out

    def test_unknown_names_and_files_are_one_line(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run_command(["eval", "run", "nobody"]) == 1
        assert "grounded_answers" in capsys.readouterr().err
        assert run_command(["eval", "run", "grounded_answers", "--questions", "nowhere.yaml"]) == 1
        assert "nowhere.yaml" in capsys.readouterr().err


class TestOrganization:
    def test_several_need_a_choice(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        monkeypatch.delenv("PIXEL_ORGANIZATION")
        cli_settings.cache_clear()
        assert run_command(["verify"]) == 1
        assert "PIXEL_ORGANIZATION" in capsys.readouterr().err

    def test_an_unknown_one_is_named(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        monkeypatch.setenv("PIXEL_ORGANIZATION", "nobody")
        cli_settings.cache_clear()
        assert run_command(["verify"]) == 1
        assert "nobody" in capsys.readouterr().err


class TestLogs:
    def test_events_are_readable_and_hold_no_text(
        self, folder: Path, settings: StorageSettings, capsys: pytest.CaptureFixture[str]
    ) -> None:
        run_command(["ingest", str(folder), "--json"])
        run_command(["ask", "Where does the spare key hang?", "--json"])
        capsys.readouterr()
        assert run_command(["logs", "cli", "-n", "500"]) == 0
        assert "answer_completed" in capsys.readouterr().out
        raw = (settings.logs_path / "cli.jsonl").read_text()
        assert "blue door" not in raw
        assert "spare key" not in raw

    def test_an_unknown_log_is_one_line(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run_command(["logs", "nobody"]) == 1
        assert "nobody" in capsys.readouterr().err


class TestHelp:
    def test_the_command_starts_as_a_process(self) -> None:
        done = subprocess.run(
            [sys.executable, "-m", "cli", "--help"], capture_output=True, text=True, check=False, env=dict(os.environ)
        )
        assert done.returncode == 0
        assert all(word in done.stdout for word in ("ingest", "search", "ask", "verify", "up", "down"))

    def test_no_heavy_import_for_help(self) -> None:
        code = "import sys, cli.main; print([m for m in ('torch', 'lancedb', 'dagster', 'sqlalchemy') if m in sys.modules])"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert done.stdout.strip() == "[]"
