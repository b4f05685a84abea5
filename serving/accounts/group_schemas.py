"""Shapes of the group routes."""

import uuid
from datetime import datetime

from serving.accounts.schemas import Name, Read, Slug, Write


class GroupCreate(Write):
    """Make a group."""

    name: Name
    slug: Slug


class GroupUpdate(Write):
    """Rename a group."""

    name: Name | None = None


class GroupOut(Read):
    """A group."""

    id: uuid.UUID
    name: str
    slug: str
    created_at: datetime


class GroupMemberCreate(Write):
    """Put a member of the organization into a group."""

    user_id: uuid.UUID


class GroupMemberOut(Read):
    """Somebody in a group."""

    user_id: uuid.UUID
    email: str
    name: str
    created_at: datetime
