"""Templates that bots are made from."""

import uuid
from datetime import datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, String, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Text

from storage.postgres.models.base import Base, Identified, JsonObject, Timestamped


class ChatbotTemplate(Identified, Timestamped, Base):
    """A starting point for a bot. Rows without an organization ship with the product and are read-only to tenants."""

    __tablename__ = "chatbot_templates"
    __table_args__ = (
        CheckConstraint("rating >= 1.0 AND rating <= 5.0", name="valid_rating"),
        CheckConstraint(
            "complexity_level IN ('beginner', 'intermediate', 'advanced', 'expert')", name="valid_complexity"
        ),
        CheckConstraint(
            "price_tier IN ('free', 'basic', 'standard', 'premium', 'enterprise')", name="valid_price_tier"
        ),
        Index("idx_chatbot_templates_category", "category"),
        Index("idx_chatbot_templates_industry", "industry"),
        Index("idx_chatbot_templates_active", "is_active", postgresql_where=text("is_active = true")),
        Index("idx_chatbot_templates_featured", "is_featured", postgresql_where=text("is_featured = true")),
        Index("idx_chatbot_templates_tags", "tags", postgresql_using="gin"),
        Index("idx_chatbot_templates_languages", "supported_languages", postgresql_using="gin"),
        Index("idx_chatbot_templates_rating", text("rating DESC")),
        Index("idx_chatbot_templates_usage", text("usage_count DESC")),
        Index("idx_chatbot_templates_created", text("created_at DESC")),
        Index("idx_chatbot_templates_org", "organization_id"),
        Index(
            "idx_chatbot_templates_search",
            text("to_tsvector('english'::regconfig, (name::text || ' '::text) || description)"),
            postgresql_using="gin",
        ),
    )

    template_id: Mapped[str] = mapped_column(String(50), unique=True)
    name: Mapped[str] = mapped_column(String(255))
    description: Mapped[str | None]
    category: Mapped[str] = mapped_column(String(100))
    industry: Mapped[str | None] = mapped_column(String(100))
    use_case: Mapped[str | None] = mapped_column(String(100))
    version: Mapped[str] = mapped_column(String(20), default="1.0.0", server_default="1.0.0")
    is_active: Mapped[bool | None] = mapped_column(default=True, server_default=text("true"))
    is_featured: Mapped[bool | None] = mapped_column(default=False, server_default=text("false"))
    is_premium: Mapped[bool | None] = mapped_column(default=False, server_default=text("false"))
    conversation_config: Mapped[JsonObject]
    ui_config: Mapped[JsonObject | None]
    ai_config: Mapped[JsonObject | None]
    integration_config: Mapped[JsonObject | None]
    deployment_config: Mapped[JsonObject | None]
    preview_image_url: Mapped[str | None] = mapped_column(String(500))
    demo_url: Mapped[str | None] = mapped_column(String(500))
    instructions: Mapped[str | None]
    tags: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    usage_count: Mapped[int | None] = mapped_column(default=0, server_default=text("0"))
    rating: Mapped[Decimal | None] = mapped_column(Numeric(3, 2))
    rating_count: Mapped[int | None] = mapped_column(default=0, server_default=text("0"))
    complexity_level: Mapped[str | None] = mapped_column(String(20), server_default="beginner")
    price_tier: Mapped[str | None] = mapped_column(String(20), server_default="free")
    license_type: Mapped[str | None] = mapped_column(String(50), server_default="standard")
    created_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    organization_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("organizations.id", ondelete="CASCADE"))
    supported_languages: Mapped[list[str] | None] = mapped_column(ARRAY(Text), server_default=text("ARRAY['en'::text]"))
    default_language: Mapped[str | None] = mapped_column(String(5), server_default="en")
    published_at: Mapped[datetime | None]
    archived_at: Mapped[datetime | None]
    estimated_setup_time: Mapped[int | None]
    required_integrations: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    minimum_plan: Mapped[str | None] = mapped_column(String(20))
    slug: Mapped[str | None] = mapped_column(String(255), unique=True)
    meta_title: Mapped[str | None] = mapped_column(String(255))
    meta_description: Mapped[str | None]
    keywords: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
