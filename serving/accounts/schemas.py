"""Shapes of the accounts routes."""

import uuid
from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from storage.postgres.models.member import Role

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=255)]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=100)]
Email = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=320, pattern=r"^[^@\s]{1,64}@[^@\s]+\.[^@\s]{2,}$")
]
Password = Annotated[str, StringConstraints(min_length=12, max_length=256)]


class Write(BaseModel):
    """Base of what clients send: unknown fields are refused, never ignored."""

    model_config = ConfigDict(extra="forbid")


class Read(BaseModel):
    """Base of what clients get."""

    model_config = ConfigDict(from_attributes=True)


class SessionCreate(Write):
    """Sign in."""

    email: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=320)]
    password: Annotated[str, StringConstraints(min_length=1, max_length=256)]


class MembershipOut(Read):
    """One organization of the person who asks."""

    organization_id: uuid.UUID
    name: str
    slug: str
    role: Role


class SessionOut(Read):
    """A sign-in session. The token is told once; send it as `Authorization: Bearer …`."""

    token: str
    expires_at: datetime
    user_id: uuid.UUID
    name: str
    organizations: list[MembershipOut]


class MeOut(Read):
    """Who the credential belongs to."""

    user_id: uuid.UUID | None
    name: str | None = Field(description="the person's name; null for a program")
    api_key_id: uuid.UUID | None
    organization_id: uuid.UUID | None
    role: Role | None
    group_ids: list[uuid.UUID] | None = Field(description="groups in this organization; null reads every document")
    organizations: list[MembershipOut]


class OrganizationCreate(Write):
    """Found an organization."""

    name: Name
    slug: Slug


class OrganizationUpdate(Write):
    """Rename the organization."""

    name: Name | None = None


class OrganizationOut(Read):
    """An organization."""

    id: uuid.UUID
    name: str
    slug: str
    created_at: datetime


class MemberCreate(Write):
    """Add a person. A person who has no account yet gets one with this password."""

    email: Email
    name: Name
    role: Role
    password: Password | None = None


class MemberUpdate(Write):
    """Change a member's role, or suspend the membership."""

    role: Role | None = None
    is_active: bool | None = None


class MemberOut(Read):
    """A member."""

    id: uuid.UUID
    user_id: uuid.UUID
    email: str
    name: str
    role: Role
    is_active: bool
    created_at: datetime


class ApiKeyCreate(Write):
    """Make a key for a program."""

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
    role: Role = Role.VIEWER
    expires_at: datetime | None = Field(default=None, description="UTC; null never expires")
    group_ids: list[uuid.UUID] = Field(
        default_factory=list,
        max_length=100,
        description="groups whose documents it may read; a key of an owner reads all",
    )


class ApiKeyOut(Read):
    """A key, without its secret."""

    id: uuid.UUID
    name: str
    prefix: str
    role: Role
    group_ids: list[uuid.UUID] | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


class ApiKeyCreated(ApiKeyOut):
    """A fresh key; `key` is shown this once."""

    key: str
