"""Schedules."""

import dagster as dg

from orchestration.jobs import BACK_UP, DRILL, INGEST_AND_EVALUATE
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


@dg.schedule(
    job_name=BACK_UP,
    cron_schedule="0 1 * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
)
def daily_backup() -> dg.RunRequest:
    """A backup once a day, at 01:00 UTC."""
    return dg.RunRequest()


@dg.schedule(
    job_name=DRILL,
    cron_schedule="0 5 * * 0",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
)
def weekly_drill() -> dg.RunRequest:
    """A restore drill on Sundays, at 05:00 UTC."""
    return dg.RunRequest()


SCHEDULES = [nightly, daily_backup, weekly_drill]
