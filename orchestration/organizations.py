"""Whose data a run works on."""

import contextlib
import uuid
from collections.abc import Sequence

from sqlalchemy import or_, select

from orchestration.errors import UnknownKnowledgeBaseError, UnknownOrganizationError
from storage.postgres.models.knowledge_base import KnowledgeBase
from storage.postgres.models.organization import Organization
from storage.postgres.session import AnyRow, organization_session, owner_session
from storage.stores import Stores


def all_organizations(stores: Stores) -> Sequence[AnyRow]:
    """Id and slug of every organization, oldest first."""
    with owner_session(stores.owner) as session:
        statement = select(Organization.id, Organization.slug).order_by(Organization.created_at, Organization.id)
        return session.execute(statement).all()


def chosen_organizations(stores: Stores, reference: str | None) -> list[uuid.UUID]:
    """The organization with this id or slug, or all of them when none is named.

    Raises:
        UnknownOrganizationError: There is none with this id or slug.
    """
    rows = all_organizations(stores)
    chosen = [row.id for row in rows if reference in (None, row.slug, str(row.id))]
    if reference is not None and not chosen:
        known = ", ".join(row.slug for row in rows) or "none"
        raise UnknownOrganizationError(f"No organization has the id or slug {reference!r}; there is: {known}")
    return chosen


def one_organization(stores: Stores, reference: str | None) -> uuid.UUID:
    """The organization with this id or slug, or the only one there is.

    Raises:
        UnknownOrganizationError: There is none, or there are several and none is named.
    """
    chosen = chosen_organizations(stores, reference)
    if len(chosen) != 1:
        raise UnknownOrganizationError(
            f"Files belong to one organization, and there are {len(chosen)}; name it in the run's configuration "
            "(`organization`) or with PIXEL_ORGANIZATION"
        )
    return chosen[0]


def find_knowledge_base(stores: Stores, organization_id: uuid.UUID, reference: str) -> uuid.UUID:
    """Id of an open knowledge base by id, slug or name.

    Raises:
        UnknownKnowledgeBaseError: The organization has none like this.
    """
    matches = [KnowledgeBase.slug == reference, KnowledgeBase.name == reference]
    with contextlib.suppress(ValueError):  # then it is a slug or a name
        matches.append(KnowledgeBase.id == uuid.UUID(reference))
    with organization_session(stores.app, organization_id) as session:
        statement = select(KnowledgeBase.id).where(or_(*matches), KnowledgeBase.archived_at.is_(None))
        found = session.scalars(statement.order_by(KnowledgeBase.created_at, KnowledgeBase.id)).first()
    if found is None:
        raise UnknownKnowledgeBaseError(
            f"Organization {organization_id} has no knowledge base {reference!r}; make it first or name another"
        )
    return found
