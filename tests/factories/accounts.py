"""Builders of organizations and people."""

import uuid

from sqlalchemy import Engine

from storage.postgres.models.organization import Organization
from storage.postgres.models.user import User
from storage.postgres.session import owner_session


def make_organization(owner: Engine, *, name: str = "Example") -> Organization:
    """A committed organization with a slug of its own."""
    with owner_session(owner) as session:
        row = Organization(name=name, slug=f"{name.lower()}-{uuid.uuid4().hex[:12]}")
        session.add(row)
        session.flush()
        session.refresh(row)
    return row


def make_user(owner: Engine, *, email: str | None = None, name: str = "Ada Example") -> User:
    """A committed user without a password."""
    with owner_session(owner) as session:
        row = User(email=email or f"{uuid.uuid4().hex[:12]}@example.com", name=name)
        session.add(row)
        session.flush()
        session.refresh(row)
    return row
