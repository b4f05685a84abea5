"""Metrics recorded per bot."""

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.postgres.models.base import Base, Identified, JsonObject, OrganizationOwned


class ChatbotAnalytics(Identified, OrganizationOwned, Base):
    """One recorded metric of a bot, with what it belongs to."""

    __tablename__ = "chatbot_analytics"
    __table_args__ = (Index("idx_chatbot_analytics_chatbot_recorded", "chatbot_id", "recorded_at"),)

    chatbot_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("chatbots.id", ondelete="CASCADE"))
    conversation_flow_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("conversation_flows.id", ondelete="SET NULL")
    )
    deployment_config_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("deployment_configs.id", ondelete="SET NULL")
    )
    integration_setting_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("integration_settings.id", ondelete="SET NULL")
    )
    metric_type: Mapped[str] = mapped_column(String(50))
    metric_data: Mapped[JsonObject]
    recorded_at: Mapped[datetime | None] = mapped_column(server_default=text("now()"))
