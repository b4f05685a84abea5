"""How many questions all visitors of a bot asked on a day."""

import uuid
from datetime import date

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.postgres.models.base import Base, Identified, OrganizationOwned


class VisitorDay(Identified, OrganizationOwned, Base):
    """One counter row of a bot and a day (UTC). It outlives the visitors: who is forgotten has asked all the same."""

    __tablename__ = "visitor_days"
    __table_args__ = (UniqueConstraint("chatbot_id", "day"),)

    chatbot_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("chatbots.id", ondelete="CASCADE"))
    day: Mapped[date]
    questions: Mapped[int]
