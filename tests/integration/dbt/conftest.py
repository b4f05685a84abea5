"""Runs dbt as the product does: its own program, with the environment that the settings give."""

import os
import subprocess
from collections.abc import Callable

import pytest

from storage.postgres.warehouse import dbt_environment, dbt_executable
from storage.settings import StorageSettings

Dbt = Callable[..., None]


@pytest.fixture(scope="session")
def dbt(settings: StorageSettings) -> Dbt:
    """Calls dbt and fails with its output when it fails."""

    def run(*arguments: str) -> None:
        result = subprocess.run(
            [dbt_executable(), *arguments],
            env={**os.environ, **dbt_environment(settings)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert result.returncode == 0, result.stdout[-6000:] + result.stderr[-2000:]

    return run
