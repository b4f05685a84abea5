"""The dbt manifest that Dagster's assets are made from, parsed once for each state of the project."""

import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from orchestration.errors import ManifestError
from storage.postgres.warehouse import PROJECT_FOLDER, dbt_executable, dbt_parse_environment, project_files
from storage.settings import StorageSettings


def warehouse_manifest(settings: StorageSettings) -> Path:
    """Path of the manifest of the project as it is now; parsed without a database when there is none yet.

    Raises:
        ManifestError: The project cannot be parsed.
    """
    folder = settings.home_path / "dbt" / "manifests"
    path = folder / f"{_project_hash()}.json"
    if path.exists():
        return path
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        parsed = _parse(Path(scratch))
        # Two processes that start together both parse; either result is whole.
        unfinished = Path(scratch) / "manifest.json"
        shutil.copy(parsed, unfinished)
        unfinished.replace(path)
    for old in folder.glob("*.json"):
        if old != path:
            old.unlink(missing_ok=True)
    return path


def _project_hash() -> str:
    digest = hashlib.sha256()
    for path in project_files():
        digest.update(str(path.relative_to(PROJECT_FOLDER)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def _parse(folder: Path) -> Path:
    result = subprocess.run(
        [dbt_executable(), "--quiet", "parse"],
        env={**os.environ, **dbt_parse_environment(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        raise ManifestError(f"dbt cannot parse {PROJECT_FOLDER}: {result.stdout.strip()[-2000:]}")
    return folder / "dbt" / "target" / "manifest.json"
