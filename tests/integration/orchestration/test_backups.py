"""The jobs of backups and drills, on an installation whose database is an external one."""

from sqlalchemy import select

from orchestration.assets import backups_latest, restore_drill
from storage.backup.folder import backup_names
from storage.backup.settings import backup_settings
from storage.postgres.models.restore_drill import RestoreDrill
from storage.postgres.session import owner_session
from tests.integration.orchestration.conftest import Place


def run(place: Place, job: str, **settings: str) -> "dict[str, object]":
    """Metadata of the job's materialization, and whether every check passed."""
    import dagster as dg

    from orchestration.definitions import build_defs

    with dg.DagsterInstance.ephemeral() as instance:
        result = build_defs().resolve_job_def(job).execute_in_process(instance=instance, raise_on_error=False)
    found: dict[str, object] = {"success": result.success}
    for event in result.get_asset_materialization_events():
        found |= {n: e.value for n, e in event.step_materialization_data.materialization.metadata.items()}
    found |= {evaluation.check_name: evaluation.passed for evaluation in result.get_asset_check_evaluations()}
    return found


class TestJobs:
    def test_a_backup_says_what_is_in_it(self, place: Place) -> None:
        found = run(place, "back_up")
        assert found["success"]
        assert backup_names(backup_settings().folder_of(place.settings)) == [found["backup"]]
        assert backups_latest.KEY.path == ["backups", "latest"]

    def test_a_drill_measures_recovery_and_passes_its_check(self, place: Place) -> None:
        found = run(place, "drill")
        assert found["success"], found
        assert (found["is_passed"], found["newest_drill_is_good"]) == (True, True)
        seconds = found["recovery_seconds"]
        assert isinstance(seconds, float)
        assert seconds > 0
        with owner_session(place.owner) as session:
            assert session.scalars(select(RestoreDrill.is_passed)).all() == [True]
        assert restore_drill.KEY.path == ["backups", "restore_drill"]

    def test_the_check_fails_after_a_drill_that_failed_or_took_too_long(self, place: Place) -> None:
        with owner_session(place.owner) as session:
            session.add(
                RestoreDrill(
                    backup="x", is_passed=True, recovery_seconds=10_000.0, tables_compared=0, rows_compared=0,
                    files_compared=0, index_drift_rows=0, searches_compared=0, searches_identical=0,
                )
            )  # fmt: skip
        assert self.check() is False
        with owner_session(place.owner) as session:
            session.add(
                RestoreDrill(
                    backup="x", is_passed=False, failure="damaged", tables_compared=0, rows_compared=0,
                    files_compared=0, index_drift_rows=0, searches_compared=0, searches_identical=0,
                )
            )  # fmt: skip
        assert self.check() is False

    def check(self) -> bool:
        from orchestration.checks.restore_drill import newest_drill_is_good
        from orchestration.resources.installation import Installation

        result = newest_drill_is_good(installation=Installation())
        return bool(getattr(result, "passed"))  # noqa: B009 - typed as any kind of check's result
