"""What people thought of an answer."""

import uuid

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from storage.postgres.models.base import Base, Identified, OrganizationOwned, Timestamped


class Feedback(Identified, OrganizationOwned, Timestamped, Base):
    """Thumbs up (1) or down (-1) of one user, key or visitor on one answer, with a comment."""

    __tablename__ = "feedback"
    __table_args__ = (
        CheckConstraint("rating IN (-1, 1)", name="valid_rating"),
        Index(
            "uq_feedback_message_author",
            "message_id",
            "user_id",
            "api_key_id",
            "visitor_id",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
    )

    message_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("messages.id", ondelete="CASCADE"))
    user_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    api_key_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("api_keys.id", ondelete="SET NULL"))
    visitor_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("visitors.id", ondelete="CASCADE"), index=True)
    rating: Mapped[int] = mapped_column(SmallInteger)
    comment: Mapped[str | None]
