"""Failed sign-ins, counted per account and per address."""

from datetime import datetime

from sqlalchemy import String, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.postgres.models.base import Base


class SignInAttempt(Base):
    """Failures of one key (`account:<sha256 of e-mail>` or `address:<ip>`) in the running window."""

    __tablename__ = "sign_in_attempts"

    key: Mapped[str] = mapped_column(String(120), primary_key=True)
    failures: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    window_started_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
