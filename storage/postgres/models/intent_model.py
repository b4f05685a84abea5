"""Trained intent models: never changed; a bot points to its live one."""

import uuid

from sqlalchemy import ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from storage.postgres.models.base import Base, Created, Identified, JsonObject, OrganizationOwned


class IntentModel(Identified, OrganizationOwned, Created, Base):
    """A classifier of a bot's intents, with what it was trained on and how good it is.

    `weights` are arrays in NumPy's own format, without pickles; `training_digest` is the SHA-256 of the examples.
    The application's role may not update a row.
    """

    __tablename__ = "intent_models"
    __table_args__ = (UniqueConstraint("chatbot_id", "number"),)

    chatbot_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("chatbots.id", ondelete="CASCADE"))
    number: Mapped[int]
    embedding_model: Mapped[str] = mapped_column(String(200))
    embedding_fingerprint: Mapped[str] = mapped_column(String(64))
    training_digest: Mapped[str] = mapped_column(String(64))
    labels: Mapped[list[str]] = mapped_column(JSONB)
    threshold: Mapped[float]
    metrics: Mapped[JsonObject]
    # Megabytes for many intents: read only where the classifier is needed.
    weights: Mapped[bytes] = mapped_column(LargeBinary, deferred=True, deferred_raiseload=True)
    created_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
