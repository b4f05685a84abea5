"""Who is in which group."""

import uuid

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from storage.postgres.models.base import Base, Created, OrganizationOwned


class GroupMember(OrganizationOwned, Created, Base):
    """A person is in a group. It counts while the person is an active member of the organization."""

    __tablename__ = "group_members"

    group_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("groups.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True)
