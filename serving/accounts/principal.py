"""Who makes a request."""

import uuid
from dataclasses import dataclass

from serving.accounts.roles import PERMISSIONS, AnyRole, Permission
from storage.postgres.models.member import Role


@dataclass(frozen=True)
class Membership:
    """One organization that a person belongs to."""

    organization_id: uuid.UUID
    name: str
    slug: str
    role: Role


@dataclass(frozen=True)
class Principal:
    """A person (`user_id`), a program (`api_key_id`) or a visitor (`visitor_id`), acting in one organization.

    `organization_id` is None only for a person who has not said which of several organizations is meant; routes
    that need one then answer 400. `group_ids` are the groups whose restricted documents may be read; None is every one.
    `chatbot_id` is the one bot that a visitor may talk to, `address` the host that a visitor comes from, if it is known.
    """

    user_id: uuid.UUID | None
    api_key_id: uuid.UUID | None
    session_id: uuid.UUID | None
    organization_id: uuid.UUID | None
    role: AnyRole | None
    memberships: tuple[Membership, ...] = ()
    group_ids: frozenset[uuid.UUID] | None = frozenset()
    visitor_id: uuid.UUID | None = None
    chatbot_id: uuid.UUID | None = None
    address: str | None = None

    def may(self, permission: Permission) -> bool:
        """Whether the role allows it."""
        return self.role is not None and permission in PERMISSIONS[self.role]


@dataclass(frozen=True)
class Actor:
    """A principal inside one organization: what services are given.

    `group_ids` are its groups; None for whoever reads every document. Row-level security does not depend on it.
    A visitor has `visitor_id`, the `chatbot_id` of the one bot that they may talk to, and the `address` they come from.
    """

    organization_id: uuid.UUID
    role: AnyRole
    user_id: uuid.UUID | None = None
    api_key_id: uuid.UUID | None = None
    group_ids: frozenset[uuid.UUID] | None = None
    visitor_id: uuid.UUID | None = None
    chatbot_id: uuid.UUID | None = None
    address: str | None = None

    def may(self, permission: Permission) -> bool:
        """Whether the role allows it."""
        return permission in PERMISSIONS[self.role]
