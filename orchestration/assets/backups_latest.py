"""The newest backup: database and files, as they were at one moment."""

import dagster as dg

from orchestration.resources.installation import Installation

KEY = dg.AssetKey(["backups", "latest"])


@dg.asset(key=KEY, group_name="backups", kinds={"postgres", "file"})
def backups_latest(installation: Installation) -> dg.MaterializeResult[None]:
    """One whole backup with its manifest; older ones are kept as PIXEL_BACKUP_KEEP says."""
    from storage.backup.backup import back_up
    from storage.backup.settings import backup_settings

    own = backup_settings()
    with installation.open() as stores:
        made = back_up(stores, own.folder_of(installation.settings), keep=own.keep)
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": made.rows,
            "backup": made.name,
            "snapshot_at": made.snapshot_at.isoformat(),
            "seconds": made.seconds,
            "files": made.file_count,
            "files_copied": made.files_copied,
            "file_bytes": made.file_bytes,
            "erasures": made.erasures,
        }
    )
