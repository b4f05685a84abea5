"""The restore drill: what it compares, what it writes down, and that it cleans up."""

import tempfile
from pathlib import Path

from sqlalchemy import select

from storage.backup.drill import drill
from storage.postgres.models.restore_drill import RestoreDrill
from storage.postgres.session import owner_session
from tests.integration.backup.conftest import Place


def scratch_homes() -> set[Path]:
    return set(Path(tempfile.gettempdir()).glob("pixel-drill-*"))


class TestDrill:
    def test_a_good_one_is_on_record_with_its_times(self, place: Place) -> None:
        before = scratch_homes()
        row = drill(place.stores, place.root)
        assert (row.is_passed, row.failure) == (True, None)
        assert row.recovery_seconds is not None
        assert row.recovery_point_seconds is not None
        assert 0 < row.recovery_seconds < 300
        assert 0 <= row.recovery_point_seconds < 60
        assert row.rows_compared > 10
        assert row.files_compared > 0
        assert row.searches_identical == row.searches_compared > 0
        assert row.index_drift_rows == 0
        with owner_session(place.stores.owner) as session:
            newest = session.scalars(select(RestoreDrill).order_by(RestoreDrill.created_at.desc()).limit(1)).one()
        assert newest.id == row.id
        assert scratch_homes() == before

    def test_a_failed_one_is_on_record_with_its_reason(self, place: Place) -> None:
        place.root.mkdir()
        (place.root / "something").write_text("of somebody else")
        before = scratch_homes()
        row = drill(place.stores, place.root)
        assert row.is_passed is False
        assert "holds no backups of this product" in (row.failure or "")
        assert scratch_homes() == before
