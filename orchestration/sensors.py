"""Sensors: what starts a run by itself."""

import json
import time

import dagster as dg

from orchestration import changes
from orchestration.jobs import INGEST, INGEST_AND_EVALUATE, REFRESH_WAREHOUSE
from orchestration.resources.installation import Installation
from orchestration.run_config import watched
from orchestration.settings import orchestration_settings

_RUNNING = dg.DefaultSensorStatus.RUNNING


def _in_progress(instance: dg.DagsterInstance, *job_names: str) -> bool:
    states = [
        dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.STARTING,
        dg.DagsterRunStatus.STARTED,
    ]  # fmt: skip
    return any(instance.get_runs_count(dg.RunsFilter(job_name=name, statuses=states)) for name in job_names)


@dg.sensor(job_name=INGEST, minimum_interval_seconds=10, default_status=_RUNNING)
def uploads_sensor(context: dg.SensorEvaluationContext, installation: Installation) -> dg.RunRequest | dg.SkipReason:
    """Takes uploads in when no worker does: staged, and without a live lease for more than ten seconds."""
    if _in_progress(context.instance, INGEST, INGEST_AND_EVALUATE):
        return dg.SkipReason("a run that empties the queue is in progress")
    with installation.open() as stores:
        waiting = changes.waiting_upload(stores)
    if waiting is None:
        return dg.SkipReason("no upload waits")
    # A job that waits again after this run has a later minute, so it gets another run.
    return dg.RunRequest(run_key=f"upload-{waiting.id}-{waiting.epoch}-{int(time.time() // 60)}")


@dg.sensor(job_name=INGEST, minimum_interval_seconds=15, default_status=_RUNNING)
def watched_folder_sensor(
    context: dg.SensorEvaluationContext, installation: Installation
) -> dg.SensorResult | dg.SkipReason:
    """Takes the watched folder in when a file in it is new, changed or gone."""
    folder = orchestration_settings().watched(installation.settings)
    digest = changes.folder_digest(folder, now=time.time())
    seen = json.loads(context.cursor) if context.cursor else {"digest": None, "sequence": 0}
    if digest in (None, seen["digest"]):
        return dg.SkipReason(f"nothing new, or nothing settled, in {folder}")
    sequence = seen["sequence"] + 1
    # The sequence makes the key new when a folder goes back to what it once was.
    request = dg.RunRequest(run_key=f"folder-{digest}-{sequence}", run_config=watched(installation.settings))
    return dg.SensorResult([request], cursor=json.dumps({"digest": digest, "sequence": sequence}))


@dg.sensor(job_name=REFRESH_WAREHOUSE, minimum_interval_seconds=60, default_status=_RUNNING)
def warehouse_sensor(
    context: dg.SensorEvaluationContext, installation: Installation
) -> dg.SensorResult | dg.SkipReason:
    """Refreshes the warehouse when documents finished or rows changed, at most once a minute."""
    if _in_progress(context.instance, REFRESH_WAREHOUSE, INGEST_AND_EVALUATE):
        return dg.SkipReason("a run that builds the warehouse is in progress")
    with installation.open() as stores:
        counters, events = changes.change_counters(stores), changes.pending_events(stores)
        if counters == context.cursor and not events:
            return dg.SkipReason("nothing changed")
        changes.mark_delivered(stores, events)
    return dg.SensorResult([dg.RunRequest()], cursor=counters)


SENSORS = [uploads_sensor, watched_folder_sensor, warehouse_sensor]
