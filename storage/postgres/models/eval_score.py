"""Scores of single samples in an evaluation run."""

import uuid

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.postgres.models.base import Base, Identified, JsonObject, OrganizationOwned


class EvalScore(Identified, OrganizationOwned, Base):
    """What one scorer gave one sample; `message_id` leads to the receipt of the answer that was scored."""

    __tablename__ = "eval_scores"
    __table_args__ = (UniqueConstraint("eval_run_id", "sample_id", "scorer"),)

    eval_run_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("eval_runs.id", ondelete="CASCADE"))
    sample_id: Mapped[str] = mapped_column(String(100))
    scorer: Mapped[str] = mapped_column(String(100))
    value: Mapped[float]
    details: Mapped[JsonObject] = mapped_column(default=dict, server_default="{}")
    message_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("messages.id", ondelete="SET NULL"))
