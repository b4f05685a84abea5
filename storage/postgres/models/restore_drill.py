"""Restore drills: proof that a backup can be restored, and how long that takes."""

from datetime import datetime

from sqlalchemy import BigInteger, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from storage.postgres.models.base import Base, Created, Identified


class RestoreDrill(Identified, Created, Base):
    """One backup restored into a scratch home and compared with what it was taken from.

    It belongs to the installation, not to an organization: the application's role cannot see it.
    """

    __tablename__ = "restore_drills"
    __table_args__ = (Index("ix_restore_drills_created_at", "created_at"),)

    backup: Mapped[str] = mapped_column(String(100))
    is_passed: Mapped[bool]
    failure: Mapped[str | None]
    recovery_point_at: Mapped[datetime | None]
    recovery_point_seconds: Mapped[float | None]
    recovery_seconds: Mapped[float | None]
    backup_seconds: Mapped[float | None]
    tables_compared: Mapped[int]
    rows_compared: Mapped[int] = mapped_column(BigInteger)
    files_compared: Mapped[int]
    index_drift_rows: Mapped[int]
    searches_compared: Mapped[int]
    searches_identical: Mapped[int]
