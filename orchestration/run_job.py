"""Runs the main job in this process, against the instance that the webserver shows."""

import os
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg

from orchestration.assets import answer_quality, documents, eval_scores
from orchestration.errors import RunFailedError
from orchestration.instance import dagster_home, write_instance
from orchestration.jobs import INGEST, INGEST_AND_EVALUATE
from orchestration.run_config import everything, take_in
from storage.settings import StorageSettings


@dataclass(frozen=True)
class RunSummary:
    """What a run did: numbers of its stages by name, and the files that it wrote."""

    run_id: str
    seconds: float
    documents: dict[str, Any]
    metrics: dict[str, float]
    reports: tuple[Path, ...]


def run_ingest_and_evaluate(
    settings: StorageSettings,
    *,
    organization_id: uuid.UUID,
    knowledge_base: str,
    paths: Sequence[Path],
) -> RunSummary:
    """Take files in, evaluate, build the warehouse and write the report, as one run of `ingest_and_evaluate`.

    Args:
        settings: This process's settings.
        organization_id: Whose documents.
        knowledge_base: Id, slug or name of the knowledge base.
        paths: Files and folders.

    Raises:
        RunFailedError: A step or a blocking check failed; the message says which, and why.
    """
    config = everything(
        [path.absolute() for path in paths], organization=str(organization_id), knowledge_base=knowledge_base
    )
    result, seconds = _execute(settings, INGEST_AND_EVALUATE, config)
    return RunSummary(
        run_id=result.run_id,
        seconds=seconds,
        documents=_metadata(result, documents.KEY),
        metrics={n: v for n, v in _metadata(result, eval_scores.KEY).items() if isinstance(v, float)},
        reports=tuple(
            Path(value)
            for value in _metadata(result, answer_quality.KEY).values()
            if isinstance(value, str | os.PathLike)
        ),
    )


def run_ingest(
    settings: StorageSettings, *, organization_id: uuid.UUID, knowledge_base: str, paths: Sequence[Path]
) -> float:
    """Take files in and check them, as one run of `ingest`.

    Args:
        settings: This process's settings.
        organization_id: Whose documents.
        knowledge_base: Id, slug or name of the knowledge base.
        paths: Files and folders.

    Returns:
        Seconds that the run took.

    Raises:
        RunFailedError: A step or a blocking check failed; the message says which, and why.
    """
    config = take_in(
        [path.absolute() for path in paths], organization=str(organization_id), knowledge_base=knowledge_base
    )
    return _execute(settings, INGEST, config)[1]


def _execute(
    settings: StorageSettings, job_name: str, config: dict[str, Any]
) -> tuple[dg.ExecuteInProcessResult, float]:
    from orchestration.definitions import defs

    write_instance(settings)
    # Whoever runs this tells people in its own words; the run's events are in the instance.
    config["loggers"] = {"console": {"config": {"log_level": "CRITICAL"}}}
    job = defs.resolve_job_def(job_name)
    started = time.monotonic()
    with _quietly(settings, job_name), dg.DagsterInstance.from_config(str(dagster_home(settings))) as instance:
        result = job.execute_in_process(run_config=config, instance=instance, raise_on_error=False)
    if not result.success:
        raise RunFailedError(f"Run {result.run_id} of {job_name} failed: {_reason(result)}")
    return result, time.monotonic() - started


@contextmanager
def _quietly(settings: StorageSettings, job_name: str) -> Iterator[None]:
    """What dbt prints goes to a log: the terminal belongs to whoever called."""
    settings.logs_path.mkdir(parents=True, exist_ok=True)
    log = settings.logs_path / f"{job_name}.out"
    with log.open("w", encoding="utf-8") as handle, redirect_stdout(handle):
        yield


def _metadata(result: dg.ExecuteInProcessResult, key: dg.AssetKey) -> dict[str, Any]:
    for event in result.get_asset_materialization_events():
        if event.asset_key == key:
            return {
                name: entry.value for name, entry in event.step_materialization_data.materialization.metadata.items()
            }
    return {}


def _reason(result: dg.ExecuteInProcessResult) -> str:
    """The failed step with its own words, without the traceback of the machinery around it."""
    failed = [check for check in result.get_asset_check_evaluations() if not check.passed and check.blocking]
    reasons = [
        f"check {check.check_name} of {check.asset_key.to_user_string()}: {check.description or 'see its metadata'}"
        for check in failed
    ]
    for event in result.all_events:
        error = event.step_failure_data.error if event.is_step_failure else None
        if error is not None and not failed:
            cause = error
            while cause.cause is not None:
                cause = cause.cause
            reasons.append(f"step {event.step_key}: {' '.join(cause.message.split())}")
    return "; ".join(reasons) or "no step says why; open the run in Dagster"
