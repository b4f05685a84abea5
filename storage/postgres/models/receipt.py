"""Receipts: everything that an answer came from."""

import uuid
from decimal import Decimal

from sqlalchemy import ForeignKey, Index, Numeric, String, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from storage.postgres.models.base import Base, Created, Identified, JsonObject, OrganizationOwned


class Receipt(Identified, OrganizationOwned, Created, Base):
    """One per answer. Hashes are SHA-256 in hex; `latencies_ms` has one entry per stage and `total`.

    `understanding` is what was found of the question beside the answer (`serving.language.understanding`), without its words;
    None where that is off or failed, and in receipts from before it was kept.
    """

    __tablename__ = "receipts"
    __table_args__ = (Index("ix_receipts_organization_id_created_at", "organization_id", "created_at"),)

    message_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("messages.id", ondelete="CASCADE"), unique=True)
    question_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("messages.id", ondelete="CASCADE"))
    conversation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"), index=True)
    chatbot_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("chatbots.id", ondelete="CASCADE"), index=True)
    chatbot_version_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("chatbot_versions.id", ondelete="CASCADE"))
    conversation_flow_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("conversation_flows.id", ondelete="SET NULL")
    )
    experiment: Mapped[str | None] = mapped_column(String(100))
    arm: Mapped[str | None] = mapped_column(String(100))
    index_version_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("index_versions.id", ondelete="SET NULL"))
    standalone_question: Mapped[str | None]
    retrieval_settings: Mapped[JsonObject]
    prompt_template: Mapped[str] = mapped_column(String(100))
    prompt_hash: Mapped[str] = mapped_column(String(64))
    provider: Mapped[str] = mapped_column(String(50))
    model: Mapped[str] = mapped_column(String(200))
    model_connection_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("model_connections.id", ondelete="SET NULL")
    )
    organization_model_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("organization_models.id", ondelete="SET NULL")
    )
    adapter_hash: Mapped[str | None] = mapped_column(String(64))
    parameters: Mapped[JsonObject]
    finish_reason: Mapped[str] = mapped_column(String(30))
    is_refused: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    prompt_tokens: Mapped[int]
    completion_tokens: Mapped[int]
    cost_reserved_usd: Mapped[Decimal] = mapped_column(Numeric(14, 8))
    cost_settled_usd: Mapped[Decimal] = mapped_column(Numeric(14, 8))
    latencies_ms: Mapped[JsonObject]
    language: Mapped[str | None] = mapped_column(String(10))
    understanding: Mapped[JsonObject | None] = mapped_column(JSONB(none_as_null=True))
    guard_decisions: Mapped[JsonObject] = mapped_column(default=dict, server_default="{}")
