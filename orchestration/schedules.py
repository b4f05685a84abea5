"""Schedules."""

import dagster as dg

from orchestration.jobs import INGEST_AND_EVALUATE
from orchestration.resources.installation import Installation
from orchestration.run_config import watched


@dg.schedule(
    job_name=INGEST_AND_EVALUATE,
    cron_schedule="0 2 * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
)
def nightly(context: dg.ScheduleEvaluationContext, installation: Installation) -> dg.RunRequest:
    """Everything once a day, at 02:00 UTC; the watched folder is read again whatever its sensor saw."""
    return dg.RunRequest(run_config=watched(installation.settings))
