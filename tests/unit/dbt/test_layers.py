"""The layers of the warehouse, read from dbt's own manifest."""

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from storage.postgres.warehouse import PROJECT_FOLDER, dbt_executable, dbt_parse_environment

Node = dict[str, Any]


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The project as dbt parses it, without a database."""
    folder = tmp_path_factory.mktemp("dbt")
    environment = {**os.environ, **dbt_parse_environment(folder)}
    result = subprocess.run(
        [dbt_executable(), "parse", "--quiet"], env=environment, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout
    loaded: dict[str, Any] = json.loads((folder / "dbt" / "target" / "manifest.json").read_text())
    return loaded


def _models(manifest: dict[str, Any], folder: str = "") -> list[Node]:
    nodes = [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]
    return [node for node in nodes if node["path"].startswith(folder)]


def _parents(node: Node, kind: str) -> list[str]:
    return [parent for parent in node["depends_on"]["nodes"] if parent.startswith(kind)]


class TestLayers:
    def test_only_staging_reads_sources(self, manifest: dict[str, Any]) -> None:
        readers = {node["path"].split("/")[0] for node in _models(manifest) if _parents(node, "source.")}
        assert readers == {"staging"}

    def test_staging_reads_one_source_and_no_model(self, manifest: dict[str, Any]) -> None:
        wrong = [
            n["name"] for n in _models(manifest, "staging") if len(_parents(n, "source.")) != 1 or _parents(n, "model.")
        ]
        assert wrong == []

    def test_marts_never_read_staging(self, manifest: dict[str, Any]) -> None:
        wrong = [n["name"] for n in _models(manifest, "marts") if _parents(n, "model.pixel.stg_")]
        assert wrong == []

    def test_intermediate_never_reads_marts(self, manifest: dict[str, Any]) -> None:
        wrong = [
            n["name"]
            for n in _models(manifest, "intermediate")
            if any(re.match(r"model\.pixel\.(fct|dim)_", parent) for parent in _parents(n, "model."))
        ]
        assert wrong == []

    def test_names_say_the_layer(self, manifest: dict[str, Any]) -> None:
        patterns = {"staging": r"stg_app__\w+$", "intermediate": r"int_\w+__\w+$", "marts": r"(fct|dim)_\w+$"}
        wrong = [n["name"] for n in _models(manifest) if not re.match(patterns[n["path"].split("/")[0]], n["name"])]
        assert wrong == []


class TestDescriptions:
    def test_every_model_says_its_grain(self, manifest: dict[str, Any]) -> None:
        assert [n["name"] for n in _models(manifest) if not n["description"].startswith("One row per ")] == []

    def test_every_mart_column_is_described(self, manifest: dict[str, Any]) -> None:
        bare = [
            f"{n['name']}.{name}"
            for n in _models(manifest, "marts")
            for name, column in n["columns"].items()
            if not column["description"]
        ]
        assert bare == []


class TestMarts:
    def test_have_enforced_contracts(self, manifest: dict[str, Any]) -> None:
        assert [n["name"] for n in _models(manifest, "marts") if not n["config"]["contract"]["enforced"]] == []

    def test_carry_the_organization(self, manifest: dict[str, Any]) -> None:
        assert [n["name"] for n in _models(manifest, "marts") if "organization_id" not in n["columns"]] == []

    def test_are_protected_after_every_build(self, manifest: dict[str, Any]) -> None:
        bare = [
            n["name"]
            for n in _models(manifest, "marts")
            if not any("protect_mart" in hook["sql"] for hook in n["config"]["post-hook"])
        ]
        assert bare == []

    def test_have_a_key_that_is_tested(self, manifest: dict[str, Any]) -> None:
        tested: dict[str, set[str]] = {}
        for node in manifest["nodes"].values():
            metadata = node.get("test_metadata")
            if metadata:
                column = f"{node['attached_node']}.{node['column_name']}"
                tested.setdefault(column, set()).add(metadata["name"])
        keyless = [
            n["name"]
            for n in _models(manifest, "marts")
            if not {"unique", "not_null"} <= tested.get(f"{n['unique_id']}.{next(iter(n['columns']))}", set())
        ]
        assert keyless == []


class TestOnlyChanged:
    def test_compares_every_column_that_can_change(self) -> None:
        # The answer's identity and the receipt are written once; everything else must be among the compared columns.
        fixed = {
            "answer_id", "organization_id", "conversation_id", "bot_id", "channel", "asker", "created_on", "created_at",
            # written with the receipt, in the transaction that changes answer_state and receipt_id
            "question_id", "bot_version_id", "experiment", "arm", "prompt_template", "prompt_hash", "provider",
            "model", "adapter_hash", "finish_reason", "is_refused", "language", "language_confidence", "intent",
            "intent_confidence", "is_out_of_scope", "sentiment", "sentiment_score", "entities", "prompt_tokens",
            "completion_tokens", "cost_reserved_usd", "embed_ms", "search_ms", "first_token_ms", "generate_ms", "total_ms", "quotes",
            "best_score",
        }  # fmt: skip
        sql = Path(PROJECT_FOLDER / "models" / "marts" / "chat" / "fct_answers.sql").read_text()
        written = set(re.findall(r"^        answers\.(\w+)", sql, re.MULTILINE))
        compared = set(re.findall(r"'(\w+)'", sql.split("only_changed(")[1].split("]")[0])) - {"answers"}
        assert written == fixed | compared
