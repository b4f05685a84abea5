"""Settings of third-party integrations."""

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Text

from storage.postgres.models.base import Base, Identified, JsonObject, OrganizationOwned, Timestamped


class IntegrationSetting(Identified, OrganizationOwned, Timestamped, Base):
    """One configured connection; for one bot, or for the organization when `chatbot_id` is null."""

    __tablename__ = "integration_settings"
    __table_args__ = (
        CheckConstraint(
            "integration_type IN ('crm', 'email', 'calendar', 'payment', 'analytics', "
            "'communication', 'storage', 'ai')",
            name="valid_integration_type",
        ),
        CheckConstraint("health_status IN ('healthy', 'warning', 'error', 'unknown')", name="valid_health_status"),
        CheckConstraint("jsonb_typeof(api_configuration) = 'object'", name="api_config_not_empty"),
        Index("idx_integration_settings_type", "integration_type"),
        Index("idx_integration_settings_provider", "provider"),
        Index("idx_integration_settings_chatbot", "chatbot_id"),
        Index("idx_integration_settings_active", "is_active", postgresql_where=text("is_active = true")),
        Index("idx_integration_settings_health", "health_status"),
        Index("idx_integration_settings_verified", "is_verified", postgresql_where=text("is_verified = true")),
    )

    setting_id: Mapped[str] = mapped_column(String(100), unique=True)
    name: Mapped[str] = mapped_column(String(255))
    description: Mapped[str | None]
    integration_type: Mapped[str] = mapped_column(String(50))
    provider: Mapped[str] = mapped_column(String(50))
    version: Mapped[str | None] = mapped_column(String(20), server_default="1.0.0")
    created_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    chatbot_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("chatbots.id", ondelete="CASCADE", name="fk_integration_settings_chatbot")
    )
    api_configuration: Mapped[JsonObject]
    connection_config: Mapped[JsonObject | None]
    field_mappings: Mapped[JsonObject | None]
    webhook_config: Mapped[JsonObject | None]
    is_active: Mapped[bool | None] = mapped_column(server_default=text("true"))
    is_verified: Mapped[bool | None] = mapped_column(server_default=text("false"))
    last_health_check: Mapped[datetime | None]
    health_status: Mapped[str | None] = mapped_column(String(20), server_default="unknown")
    error_log: Mapped[JsonObject | None]
    usage_stats: Mapped[JsonObject | None]
    rate_limits: Mapped[JsonObject | None]
    quota_usage: Mapped[JsonObject | None]
    encryption_key_id: Mapped[str | None] = mapped_column(String(100))
    requires_oauth: Mapped[bool | None] = mapped_column(server_default=text("false"))
    oauth_config: Mapped[JsonObject | None]
    monitoring_config: Mapped[JsonObject | None]
    alert_recipients: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    last_used_at: Mapped[datetime | None]
