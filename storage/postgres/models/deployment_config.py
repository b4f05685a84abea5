"""Where a bot is published, and how."""

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.postgres.models.base import Base, Identified, JsonObject, OrganizationOwned, Timestamped


class DeploymentConfig(Identified, OrganizationOwned, Timestamped, Base):
    """One bot on one platform in one environment."""

    __tablename__ = "deployment_configs"
    __table_args__ = (
        CheckConstraint(
            "platform IN ('web', 'whatsapp', 'telegram', 'slack', 'discord', 'messenger', 'voice', 'sms')",
            name="valid_platform",
        ),
        CheckConstraint("environment IN ('development', 'staging', 'production')", name="valid_environment"),
        CheckConstraint(
            "deployment_status IN ('pending', 'deploying', 'deployed', 'failed', 'stopped')",
            name="valid_deployment_status",
        ),
        CheckConstraint("jsonb_typeof(platform_config) = 'object'", name="platform_config_not_empty"),
        Index("idx_deployment_configs_platform", "platform"),
        Index("idx_deployment_configs_environment", "environment"),
        Index("idx_deployment_configs_chatbot", "chatbot_id"),
        Index("idx_deployment_configs_active", "is_active", postgresql_where=text("is_active = true")),
        Index("idx_deployment_configs_deployed", "is_deployed", postgresql_where=text("is_deployed = true")),
        Index("idx_deployment_configs_status", "deployment_status"),
    )

    config_id: Mapped[str] = mapped_column(String(100), unique=True)
    name: Mapped[str] = mapped_column(String(255))
    description: Mapped[str | None]
    platform: Mapped[str] = mapped_column(String(50))
    environment: Mapped[str] = mapped_column(String(20), server_default="production")
    version: Mapped[str | None] = mapped_column(String(20), server_default="1.0.0")
    created_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    chatbot_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("chatbots.id", ondelete="CASCADE", name="fk_deployment_configs_chatbot")
    )
    platform_config: Mapped[JsonObject]
    deployment_settings: Mapped[JsonObject | None]
    security_config: Mapped[JsonObject | None]
    performance_config: Mapped[JsonObject | None]
    is_active: Mapped[bool | None] = mapped_column(server_default=text("false"))
    is_deployed: Mapped[bool | None] = mapped_column(server_default=text("false"))
    deployment_status: Mapped[str | None] = mapped_column(String(20), server_default="pending")
    deployment_url: Mapped[str | None] = mapped_column(String(500))
    deployment_history: Mapped[JsonObject | None]
    rollback_config: Mapped[JsonObject | None]
    monitoring_config: Mapped[JsonObject | None]
    analytics_config: Mapped[JsonObject | None]
    health_check_config: Mapped[JsonObject | None]
    scaling_config: Mapped[JsonObject | None]
    resource_limits: Mapped[JsonObject | None]
    cdn_config: Mapped[JsonObject | None]
    geographic_restrictions: Mapped[JsonObject | None]
    compliance_settings: Mapped[JsonObject | None]
    deployed_at: Mapped[datetime | None]
    last_health_check: Mapped[datetime | None]
