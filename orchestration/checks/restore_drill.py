"""Checks of `backups/restore_drill`."""

import dagster as dg
from sqlalchemy import select

from orchestration.assets import restore_drill
from orchestration.resources.installation import Installation
from storage.postgres.models.restore_drill import RestoreDrill
from storage.postgres.session import owner_session


@dg.asset_check(asset=restore_drill.KEY, blocking=True)
def newest_drill_is_good(installation: Installation) -> dg.AssetCheckResult:
    """The newest restore drill passed, and recovery took no longer than PIXEL_BACKUP_RECOVERY_SECONDS."""
    from storage.backup.settings import backup_settings

    allowed = backup_settings().recovery_seconds
    with installation.open() as stores, owner_session(stores.owner) as session:
        row = session.scalar(select(RestoreDrill).order_by(RestoreDrill.created_at.desc()).limit(1))
    if row is None:
        return dg.AssetCheckResult(passed=False, description="No restore drill was ever done; run `pixel drill`.")
    seconds = row.recovery_seconds or 0.0
    reason = row.failure or (
        f"recovery took {seconds:.0f} s, allowed are {allowed:.0f} s" if seconds > allowed else None
    )
    return dg.AssetCheckResult(
        passed=row.is_passed and seconds <= allowed,
        description=reason,
        metadata={"recovery_seconds": seconds, "allowed_seconds": allowed, "drilled_at": row.created_at.isoformat()},
    )
