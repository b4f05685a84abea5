"""Run configurations of our jobs."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from orchestration.settings import orchestration_settings
from storage.settings import StorageSettings

DOCUMENTS_STEP = "postgres__documents"
EVAL_STEP = "postgres__eval_scores"
REPORT_STEP = "reports__answer_quality"


def take_in(paths: Sequence[Path], *, organization: str | None, knowledge_base: str) -> dict[str, Any]:
    """Take these files and folders in.

    Args:
        paths: Files and folders.
        organization: Id or slug; the only organization there is, when None.
        knowledge_base: Id, slug or name.
    """
    config = {"paths": [str(path) for path in paths], "knowledge_base": knowledge_base}
    return {"ops": {DOCUMENTS_STEP: {"config": config | _named(organization)}}}


def everything(paths: Sequence[Path], *, organization: str | None, knowledge_base: str) -> dict[str, Any]:
    """Take in, then evaluate, if anything changed since the last evaluation, and report for the same organization."""
    config = take_in(paths, organization=organization, knowledge_base=knowledge_base)
    config["ops"][EVAL_STEP] = {"config": {"only_when_changed": True, **_named(organization)}}
    config["ops"][REPORT_STEP] = {"config": _named(organization)}
    return config


def watched(settings: StorageSettings) -> dict[str, Any]:
    """Take the watched folder in, when there is one."""
    own = orchestration_settings()
    folder = own.watched(settings)
    paths = [folder] if folder.is_dir() else []
    return take_in(paths, organization=own.organization, knowledge_base=own.watch_knowledge_base)


def _named(organization: str | None) -> dict[str, str]:
    return {} if organization is None else {"organization": organization}
