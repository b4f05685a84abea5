"""Rules of the house that no other tool checks."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

from scripts import env_example
from tests.conftest import REPOSITORY

MOST_LINES = 400
VAGUE = re.compile(r"(^|/)(utils?|helpers?|common|misc)(\.py|/)")


def tracked(*patterns: str) -> list[Path]:
    """Files of the repository, those not committed yet included."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    return [REPOSITORY / name for name in listed if (REPOSITORY / name).is_file()]


class TestFiles:
    def test_none_is_longer_than_a_room(self) -> None:
        long = {
            str(path): count
            for path in tracked("*.py")
            if (count := len(path.read_text().splitlines())) > MOST_LINES and "versions" not in path.parts
        }
        assert long == {}

    def test_names_say_what_is_inside(self) -> None:
        assert [str(path) for path in tracked("*.py") if VAGUE.search(str(path.relative_to(REPOSITORY)))] == []

    def test_packages_start_with_their_purpose_and_nothing_else(self) -> None:
        wrong = []
        for path in tracked("*__init__.py"):
            body = ast.parse(path.read_text()).body
            if not (len(body) == 1 and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant)):
                wrong.append(str(path))
        assert wrong == []

    def test_dbt_is_no_package(self) -> None:
        assert tracked("dbt/**/__init__.py", "dbt/__init__.py") == []


class TestEnvironment:
    def test_it_is_read_in_settings_only(self) -> None:
        reading = re.compile(r"os\.(getenv|environ\[|environ\.get)")
        # The door runs inside vLLM, where nothing of the product is imported.
        door = {f"serving/inference/vllm/door/{name}.py" for name in ("pixel_door", "sitecustomize")}
        allowed = {"cli/processes.py", "benchmarks/loop.py", *door}
        found = {
            str(path.relative_to(REPOSITORY))
            for path in tracked("*.py")
            if not path.relative_to(REPOSITORY).parts[0].startswith("tests")
            and path.name != "settings.py"
            and reading.search(path.read_text())
        }
        assert found - allowed == set()

    def test_every_setting_is_in_the_example_file(self) -> None:
        assert (REPOSITORY / ".env.example").read_text() == "\n".join(env_example.lines()) + "\n"


class TestDocuments:
    def test_the_readme_is_short(self) -> None:
        assert len((REPOSITORY / "README.md").read_text().splitlines()) < 120

    def test_links_between_documents_resolve(self) -> None:
        broken = [
            f"{path.name}: {target}"
            for path in tracked("*.md")
            if "scripts/examples" not in str(path) and "examples/documents" not in str(path)
            for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", path.read_text())
            if not (path.parent / target).exists()
        ]
        assert broken == []

    def test_no_registry_host_and_no_url_in_the_lock(self) -> None:
        assert not re.search(r"https?://|file:", (REPOSITORY / "requirements.lock").read_text())


class TestSql:
    @pytest.mark.parametrize(
        "folder", ["storage", "ingestion", "serving", "evals", "orchestration", "dashboards", "cli"]
    )
    def test_no_statement_is_built_from_strings(self, folder: str) -> None:
        building = re.compile(r"""(text|exec_driver_sql)\(\s*f["']""")
        allowed = {"storage/postgres/provision.py"}  # identifiers that are constants of the module
        found = {
            str(path.relative_to(REPOSITORY))
            for path in tracked(f"{folder}/**/*.py", f"{folder}/*.py")
            if building.search(path.read_text()) and "versions" not in path.parts
        }
        assert found - allowed == set()
