"""Predefined collaborations of experts."""

import uuid

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from storage.postgres.models.base import Base, Created, Identified, JsonObject


class McpCollaborationFlow(Identified, Created, Base):
    """Which experts take which step. Rows without an organization ship with the product."""

    __tablename__ = "mcp_collaboration_flows"
    __table_args__ = (
        Index(
            "uq_mcp_collaboration_flows_name",
            "organization_id",
            "flow_name",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
    )

    flow_name: Mapped[str] = mapped_column(String(100))
    description: Mapped[str | None]
    participating_experts: Mapped[list[str]]
    coordination_rules: Mapped[JsonObject]
    handoff_triggers: Mapped[JsonObject | None]
    shared_context_schema: Mapped[JsonObject | None]
    success_metrics: Mapped[JsonObject | None]
    organization_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("organizations.id", ondelete="CASCADE"))
