"""dbt, as dagster-dbt runs it: from this interpreter's folder, with the settings that our own code gives."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

from dagster_dbt import DbtCliInvocation, DbtCliResource
from packaging.version import Version

from storage.postgres.warehouse import PROJECT_FOLDER, dbt_environment, dbt_executable
from storage.settings import StorageSettings


class WarehouseDbt(DbtCliResource):
    """Runs dbt against the warehouse of given settings."""

    @cached_property
    def _cli_version(self) -> Version:
        # The base class runs `dbt --version`, which takes seconds and asks a package index for news.
        from dbt.version import __version__

        return Version(__version__)

    def _initialize_dbt_core_adapter(self, args: Any) -> Any:
        # Only row counts and column metadata would need a connection of dagster-dbt's own; ours come from the marts.
        return None

    def build(self, settings: StorageSettings, arguments: list[str], context: Any) -> DbtCliInvocation:
        """Start `dbt build`; the caller streams its events."""
        environment = dbt_environment(settings)
        with _in_environment(environment):
            return self.cli(["build", *arguments], context=context, target_path=Path(environment["DBT_TARGET_PATH"]))


def warehouse_dbt() -> WarehouseDbt:
    """The resource with the project's place and this interpreter's dbt."""
    return WarehouseDbt(
        project_dir=str(PROJECT_FOLDER), profiles_dir=str(PROJECT_FOLDER), dbt_executable=dbt_executable()
    )


@contextmanager
def _in_environment(values: dict[str, str]) -> Iterator[None]:
    """dagster-dbt gives its child this process's environment and takes no other; it copies it when it starts."""
    before = {name: value for name, value in os.environ.items() if name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name in values:
            os.environ.pop(name, None)
        os.environ.update(before)
