"""Events of conversations, to be read on from any one."""

import uuid

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.postgres.models.base import Base, Created, Identified, JsonObject, OrganizationOwned


class ConversationEvent(Identified, OrganizationOwned, Created, Base):
    """One event, numbered from 1 in its conversation. `data` holds ids and states, never text."""

    __tablename__ = "conversation_events"
    __table_args__ = (UniqueConstraint("conversation_id", "number"),)

    conversation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"))
    number: Mapped[int]
    kind: Mapped[str] = mapped_column(String(40))
    data: Mapped[JsonObject]
