"""Dagster's own home: where it keeps runs, events and logs, and how its two processes are started.

Imports nothing of Dagster, so that the command line stays quick. Its database can be dropped and nothing of the product
is lost.
"""

import os
import sys
from pathlib import Path
from typing import Any

import yaml

from storage.postgres.urls import database_urls
from storage.settings import StorageSettings

_MODULE = "orchestration.definitions"
_REPOSITORY = Path(__file__).parents[1]


def dagster_home(settings: StorageSettings) -> Path:
    """Folder of dagster.yaml and workspace.yaml; the processes need it as DAGSTER_HOME."""
    return settings.home_path / "dagster"


def write_instance(settings: StorageSettings, home: Path | None = None) -> None:
    """Write dagster.yaml and workspace.yaml.

    Args:
        settings: Where Dagster's database and our home are.
        home: Folder to write to; `dagster_home(settings)` unless given.
    """
    folder = home or dagster_home(settings)
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / "dagster.yaml", _instance(settings, folder))
    _write(folder / "workspace.yaml", _workspace())


def webserver_command(settings: StorageSettings, port: int) -> list[str]:
    """Arguments that start Dagster's webserver on loopback."""
    workspace = str(dagster_home(settings) / "workspace.yaml")
    return [_program("dagster-webserver"), "-h", "127.0.0.1", "-p", str(port), "-w", workspace]


def daemon_command(settings: StorageSettings) -> list[str]:
    """Arguments that start Dagster's daemon, which runs sensors, schedules and the queue."""
    return [_program("dagster-daemon"), "run", "-w", str(dagster_home(settings) / "workspace.yaml")]


def _program(name: str) -> str:
    return str(Path(sys.executable).parent / name)


def _instance(settings: StorageSettings, folder: Path) -> dict[str, Any]:
    return {
        "storage": {"postgres": {"postgres_url": database_urls(settings).dagster_text}},
        # Runs share the embedding model's memory and two cores; the queue keeps the rest waiting.
        "concurrency": {"runs": {"max_concurrent_runs": 1}},
        "run_monitoring": {"enabled": True, "start_timeout_seconds": 180},
        "local_artifact_storage": {
            "module": "dagster.core.storage.root",
            "class": "LocalArtifactStorage",
            "config": {"base_dir": str(folder / "storage")},
        },
        "compute_logs": {
            "module": "dagster.core.storage.local_compute_log_manager",
            "class": "LocalComputeLogManager",
            "config": {"base_dir": str(settings.logs_path / "dagster")},
        },
        "retention": {
            "sensor": {"purge_after_days": {"skipped": 1, "failure": 30, "success": 30}},
            "schedule": {"purge_after_days": 90},
        },
        "python_logs": {"python_log_level": "INFO"},
        "telemetry": {"enabled": False},
        "nux": {"enabled": False},
    }


def _workspace() -> dict[str, Any]:
    location = {"module_name": _MODULE, "location_name": "pixel", "working_directory": str(_REPOSITORY)}
    return {"load_from": [{"python_module": location}]}


def _write(path: Path, content: dict[str, Any]) -> None:
    """Whole or not at all, and for the owner's eyes: the URL may hold a password."""
    unfinished = path.with_suffix(".new")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as handle:
        yaml.safe_dump(content, handle, sort_keys=False)
    unfinished.replace(path)
