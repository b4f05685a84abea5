"""Evaluation runs."""

import uuid

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from storage.postgres.models.base import Base, Created, Identified, JsonObject, OrganizationOwned


class EvalRun(Identified, OrganizationOwned, Created, Base):
    """One evaluation of one bot: `metrics` maps a name to value, interval and count."""

    __tablename__ = "eval_runs"

    task: Mapped[str] = mapped_column(String(100))
    dataset: Mapped[str] = mapped_column(String(100))
    dataset_hash: Mapped[str] = mapped_column(String(64))
    chatbot_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("chatbots.id", ondelete="SET NULL"))
    index_version_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("index_versions.id", ondelete="SET NULL"))
    metrics: Mapped[JsonObject]
