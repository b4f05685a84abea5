"""`make lint` parses the dbt project without a database."""

import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).parents[3]


class TestMain:
    def test_is_silent_when_the_project_parses(self) -> None:
        result = subprocess.run(
            [sys.executable, "scripts/dbt_parse.py"], cwd=REPOSITORY, capture_output=True, text=True, check=False,
            env={"PYTHONPATH": str(REPOSITORY), "PATH": "/usr/bin:/bin"},
        )  # fmt: skip
        assert (result.returncode, result.stdout) == (0, "")
