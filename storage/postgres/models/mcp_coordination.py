"""Sessions in which expert bots work together."""

from datetime import datetime

from sqlalchemy import String, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.postgres.models.base import Base, Identified, JsonObject, OrganizationOwned, Timestamped


class McpCoordination(Identified, OrganizationOwned, Timestamped, Base):
    """Shared state of one collaboration of experts."""

    __tablename__ = "mcp_coordination"

    session_id: Mapped[str] = mapped_column(String(100), unique=True)
    primary_expert: Mapped[str] = mapped_column(String(50))
    active_experts: Mapped[list[str]]
    conversation_context: Mapped[JsonObject]
    coordination_rules: Mapped[JsonObject | None]
    handoff_history: Mapped[JsonObject | None]
    shared_workspace: Mapped[JsonObject | None]
    expires_at: Mapped[datetime | None] = mapped_column(server_default=text("(now() + '24:00:00'::interval)"))
