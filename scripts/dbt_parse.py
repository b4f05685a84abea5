"""Check that the dbt project can be parsed: references, tests, contracts. Needs no database and no network."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from storage.postgres.warehouse import dbt_executable, dbt_parse_environment


def main() -> int:
    """Run `dbt parse`; say nothing when it succeeds, everything when it fails."""
    with tempfile.TemporaryDirectory() as folder:
        result = subprocess.run(
            [dbt_executable(), "parse", "--no-partial-parse", "--warn-error"],
            env={**os.environ, **dbt_parse_environment(Path(folder))},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
    if result.returncode:
        print(result.stdout)
    return result.returncode


if __name__ == "__main__":
    sys.exit(main())
