"""Model connections: where an organization's models answer, and with which key."""

import enum
import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.postgres.models.base import Base, Identified, JsonObject, OrganizationOwned, Timestamped, one_of


class ModelProvider(enum.StrEnum):
    """Whose models a connection leads to, and whose protocol it speaks."""

    OPENAI = "openai"
    ANTHROPIC = "anthropic"
    GOOGLE = "google"
    VLLM = "vllm"
    OLLAMA = "ollama"

    @property
    def is_self_hosted(self) -> bool:
        """Whether it runs on the organization's own machines and no token is billed."""
        return self in (ModelProvider.VLLM, ModelProvider.OLLAMA)


class ModelConnection(Identified, OrganizationOwned, Timestamped, Base):
    """One address with its key. `sealed_key` opens for this row of this organization only (`storage/secrets/`).

    `key_fingerprint` tells two keys apart without telling either; `limits` are those of a call (seconds, bytes).
    """

    __tablename__ = "model_connections"
    __table_args__ = (UniqueConstraint("organization_id", "name"), one_of("provider", ModelProvider))

    name: Mapped[str] = mapped_column(String(255))
    provider: Mapped[str] = mapped_column(String(20))
    base_url: Mapped[str] = mapped_column(String(500))
    sealed_key: Mapped[bytes | None] = mapped_column(LargeBinary)
    key_fingerprint: Mapped[str | None] = mapped_column(String(16))
    limits: Mapped[JsonObject] = mapped_column(default=dict, server_default="{}")
    is_enabled: Mapped[bool] = mapped_column(default=True, server_default=text("true"))
    created_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    last_checked_at: Mapped[datetime | None]
    last_error: Mapped[str | None]
