"""The first organization and its owner, for the operator of an installation."""

import uuid
from dataclasses import dataclass

from sqlalchemy import Engine, func, select

from serving.accounts.credentials import generate_password, hash_password, new_api_key
from storage.postgres.models.api_key import ApiKey
from storage.postgres.models.member import Member, Role
from storage.postgres.models.organization import Organization
from storage.postgres.models.user import User
from storage.postgres.session import owner_session


@dataclass(frozen=True)
class FirstOwner:
    """What the operator is told once."""

    organization_id: uuid.UUID
    email: str
    password: str


def first_organization(engine: Engine) -> Organization | None:
    """The oldest organization, None on a fresh installation."""
    with owner_session(engine) as session:
        found: Organization | None = session.scalar(
            select(Organization).order_by(Organization.created_at, Organization.id).limit(1)
        )
        return found


def create_first_owner(engine: Engine, *, name: str, slug: str, email: str) -> FirstOwner | None:
    """Make the first organization with an owner and a generated password.

    Returns:
        The credentials, or None when there is an organization already.
    """
    password = generate_password()
    hashed = hash_password(password)
    with owner_session(engine) as session:
        # Two commands typed at once must not both found an organization.
        session.execute(select(func.pg_advisory_xact_lock(7_264_001)))
        if session.scalar(select(func.count()).select_from(Organization)):
            return None
        organization = Organization(name=name, slug=slug)
        user = User(email=email, name="Owner", password_hash=hashed)
        session.add_all([organization, user])
        session.flush()
        session.add(Member(organization_id=organization.id, user_id=user.id, role=Role.OWNER))
        return FirstOwner(organization.id, email, password)


def issue_api_key(engine: Engine, organization_id: uuid.UUID, *, name: str, role: Role) -> str:
    """Make an API key for a program of the installation itself and return its text."""
    fresh = new_api_key()
    with owner_session(engine) as session:
        session.add(
            ApiKey(
                organization_id=organization_id,
                name=name,
                prefix=fresh.prefix,
                secret_hash=fresh.secret_hash,
                role=role,
            )
        )
    return fresh.text
