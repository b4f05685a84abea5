"""`pixel index` on real stores."""

import json
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
from tests.factories.embedding_models import make_tiny_model


@pytest.fixture(autouse=True)
def workplace(
    settings: StorageSettings,
    owner: Engine,
    organization: Organization,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Iterator[None]:
    """An organization of its own with three documents."""
    create_default_bot(owner, organization.id, knowledge_base="default", slug="assistant")
    monkeypatch.setenv("PIXEL_ORGANIZATION", organization.slug)
    cli_settings.cache_clear()
    for topic in ("gardens", "engines", "archives"):
        rules = " ".join(f"Rule {n} of the {topic} is that the {topic} close on day {n}." for n in range(1, 9))
        (tmp_path / f"{topic}.md").write_text(f"# {topic.title()}\n\n{rules}\n")
    assert run_command(["ingest", str(tmp_path), "--json"]) == 0
    yield
    event_log.close()
    structlog.reset_defaults()
    cli_settings.cache_clear()


def told(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> list[Any]:
    """What a command prints with --json."""
    capsys.readouterr()
    assert run_command(["index", *arguments, "--json"]) == status
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


class TestIndex:
    def test_there_and_back(self, capsys: pytest.CaptureFixture[str], tmp_path_factory: pytest.TempPathFactory) -> None:
        model = str(make_tiny_model(tmp_path_factory.mktemp("models") / "tiny"))
        (estimate,) = told(capsys, "estimate", "--model", model, "--chunk-tokens", "60")
        assert (estimate["documents"], estimate["documents_to_read"], estimate["cost_usd"]) == (3, 3, 0.0)

        (built,) = told(capsys, "build", "--model", model, "--chunk-tokens", "60")
        assert (built["number"], built["status"], built["dimension"]) == (2, "candidate", 32)
        assert all(result["passed"] for result in built["gates"]["results"])
        (flipped,) = told(capsys, "promote", "2")
        assert (flipped["live_number"], flipped["before_number"]) == (2, 1)
        assert [(row["number"], row["status"]) for row in told(capsys, "list")] == [(2, "live"), (1, "retired")]
        capsys.readouterr()
        assert run_command(["search", "Rule 3 of the engines", "--json"]) == 0
        found = {passage["document"] for passage in json.loads(capsys.readouterr().out)["passages"]}
        assert found == {"gardens.md", "engines.md", "archives.md"}
        (back,) = told(capsys, "rollback")
        assert (back["live_number"], back["before_number"]) == (1, 2)
        (gates,) = told(capsys, "gates", "2")
        assert len(gates["results"]) == 5
        assert told(capsys, "prune", "2") == [{"dropped": [2]}]
        assert told(capsys, "prune") == [{"dropped": []}]

    def test_people_are_told_in_sentences(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run_command(["index", "build", "--no-gates"]) == 0
        assert "index version 2 is built; `pixel index gates 2` judges it" in capsys.readouterr().out
        assert run_command(["index", "promote", "2"]) == 1
        assert "The gates did not look at index version 2 yet" in capsys.readouterr().err
        assert run_command(["index", "gates", "2"]) == 0
        assert "passed  row_reconciliation" in capsys.readouterr().out
        assert run_command(["index", "promote", "2"]) == 0
        assert "index version 2 is live instead of 1" in capsys.readouterr().out
        assert run_command(["index", "list"]) == 0
        assert "live" in capsys.readouterr().out

    def test_what_is_wrong_is_one_line(self, capsys: pytest.CaptureFixture[str]) -> None:
        for arguments, words in (
            (["build", "--chunker", "lines"], "Unknown chunker 'lines'"),
            (["build", "--model", "nowhere"], "No embedding model `nowhere`"),
            (["build", "--resume", "9"], "There is no index version 9"),
            (["promote", "1"], "is live; only a candidate can be promoted"),
            (["rollback"], "no earlier index version"),
            (["prune", "1"], "is live; only a candidate, failed or retired one"),
        ):
            assert run_command(["index", *arguments]) == 1
            lines = capsys.readouterr().err.splitlines()
            assert [words in line for line in lines] == [True], lines
        assert run_command(["index", "build", "--resume", "1", "--chunk-tokens", "60"]) == 2
