"""Conversation flows: nodes and connections that guide a dialogue."""

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Text

from storage.postgres.models.base import Base, Identified, JsonObject, Timestamped


class ConversationFlow(Identified, Timestamped, Base):
    """A flow of a bot, or a template of one. Rows without an organization ship with the product."""

    __tablename__ = "conversation_flows"
    __table_args__ = (
        CheckConstraint("status IN ('draft', 'testing', 'active', 'deprecated')", name="valid_status"),
        CheckConstraint("jsonb_typeof(flow_definition) = 'object'", name="flow_definition_not_empty"),
        Index("idx_conversation_flows_chatbot", "chatbot_id"),
        Index("idx_conversation_flows_template", "template_id"),
        Index("idx_conversation_flows_status", "status"),
        Index("idx_conversation_flows_active", "is_active", postgresql_where=text("is_active = true")),
        Index("idx_conversation_flows_languages", "supported_languages", postgresql_using="gin"),
        Index("idx_conversation_flows_org", "organization_id"),
        Index("idx_conversation_flows_created", text("created_at DESC")),
    )

    flow_id: Mapped[str] = mapped_column(String(50), unique=True)
    name: Mapped[str] = mapped_column(String(255))
    description: Mapped[str | None]
    version: Mapped[str] = mapped_column(String(20), default="1.0.0", server_default="1.0.0")
    is_active: Mapped[bool | None] = mapped_column(default=True, server_default=text("true"))
    is_template: Mapped[bool | None] = mapped_column(default=False, server_default=text("false"))
    created_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    organization_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("organizations.id", ondelete="CASCADE"))
    chatbot_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("chatbots.id", ondelete="CASCADE", name="fk_conversation_flows_chatbot")
    )
    template_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("chatbot_templates.id", ondelete="SET NULL", name="fk_conversation_flows_template")
    )
    flow_definition: Mapped[JsonObject]
    flow_metadata: Mapped[JsonObject | None]
    variable_definitions: Mapped[JsonObject | None]
    execution_stats: Mapped[JsonObject | None]
    test_scenarios: Mapped[JsonObject | None]
    supported_languages: Mapped[list[str] | None] = mapped_column(ARRAY(Text), server_default=text("ARRAY['en'::text]"))
    default_language: Mapped[str | None] = mapped_column(String(5), server_default="en")
    status: Mapped[str | None] = mapped_column(String(20), default="draft", server_default="draft")
    published_at: Mapped[datetime | None]
    last_tested_at: Mapped[datetime | None]
