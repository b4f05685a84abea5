"""The newest restore drill: what a recovery would lose, and how long it would take."""

import dagster as dg

from orchestration.resources.installation import Installation

KEY = dg.AssetKey(["backups", "restore_drill"])


@dg.asset(key=KEY, group_name="backups", kinds={"postgres"})
def restore_drill(installation: Installation) -> dg.MaterializeResult[None]:
    """One row per drill: a backup restored into a scratch home and compared with what it was taken from."""
    from storage.backup.drill import drill
    from storage.backup.settings import backup_settings

    own = backup_settings()
    with installation.open() as stores:
        row = drill(stores, own.folder_of(installation.settings), keep=own.keep)
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": row.rows_compared,
            "backup": row.backup or "none",
            "is_passed": row.is_passed,
            "failure": row.failure or "none",
            "recovery_point_seconds": row.recovery_point_seconds or 0.0,
            "recovery_seconds": row.recovery_seconds or 0.0,
            "tables_compared": row.tables_compared,
            "files_compared": row.files_compared,
            "index_drift_rows": row.index_drift_rows,
            "searches_compared": row.searches_compared,
            "searches_identical": row.searches_identical,
        }
    )
