"""Brings an installation to where a command can work: server running, schema current, reference data there, an organization."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cli.console import warn
from cli.errors import fail
from storage.settings import StorageSettings, storage_settings

if TYPE_CHECKING:
    from serving.accounts.bootstrap import FirstOwner
    from serving.accounts.principal import Actor
    from storage.stores import Stores

DEFAULT_KNOWLEDGE_BASE = "default"
DEFAULT_BOT = "assistant"


@dataclass(frozen=True)
class Workplace:
    """An organization to work on, with the stores open."""

    settings: StorageSettings
    stores: "Stores"
    organization_id: uuid.UUID

    @property
    def actor(self) -> "Actor":
        """The operator of the installation acts with an owner's rights."""
        from serving.accounts.principal import Actor
        from storage.postgres.models.member import Role

        return Actor(self.organization_id, Role.OWNER)


def prepare(settings: StorageSettings, *, step: Callable[[str], None] = lambda _: None) -> "FirstOwner | None":
    """Start the embedded server if it is used, migrate, seed, and found the first organization.

    Returns:
        The first owner's credentials when this call made them, else None.
    """
    from storage.event_log import configure
    from storage.postgres import embedded
    from storage.postgres.migrate import is_current, migrate
    from storage.postgres.provision import provision

    if settings.database_url is None:
        step("starting PostgreSQL")
        if embedded.start(settings):
            provision(settings)
    configure(settings, "cli")
    if not is_current(settings):
        step("migrating the schema")
        migrate(settings)
    step("seeding templates and flows")
    return _found(settings)


def _found(settings: StorageSettings) -> "FirstOwner | None":
    from cli.settings import cli_settings
    from serving.accounts.bootstrap import create_first_owner
    from serving.bots.bootstrap import create_default_bot
    from serving.bots.seeding import seed_reference_data
    from storage.postgres.engine import owner_engine
    from storage.postgres.session import owner_session

    engine = owner_engine(settings)
    try:
        with owner_session(engine) as session:
            seed_reference_data(session)
        first = create_first_owner(
            engine, name="My organization", slug="my-organization", email=cli_settings().owner_email
        )
        if first is not None:
            create_default_bot(engine, first.organization_id, knowledge_base=DEFAULT_KNOWLEDGE_BASE, slug=DEFAULT_BOT)
        return first
    finally:
        engine.dispose()


@contextmanager
def workplace() -> Iterator[Workplace]:
    """A prepared installation and the organization that the command works on."""
    from storage.stores import open_stores

    settings = storage_settings()
    first = prepare(settings)
    if first is not None:
        tell_credentials(first)
    stores = open_stores(settings)
    try:
        yield Workplace(settings, stores, find_organization(stores))
    finally:
        stores.close()


def tell_credentials(first: "FirstOwner") -> None:
    """The only time that the password is shown."""
    warn("First owner made; this password is shown once:")
    warn(f"  e-mail    {first.email}")
    warn(f"  password  {first.password}")


def find_organization(stores: "Stores") -> uuid.UUID:
    """The organization of PIXEL_ORGANIZATION, or the only one there is."""
    from sqlalchemy import select

    from cli.settings import cli_settings
    from storage.postgres.models.organization import Organization
    from storage.postgres.session import owner_session

    wanted = cli_settings().organization
    with owner_session(stores.owner) as session:
        statement = select(Organization.id, Organization.slug).order_by(Organization.created_at, Organization.id)
        rows = session.execute(statement).all()
    found = [row for row in rows if wanted in (None, row.slug)]
    if len(found) == 1:
        organization_id: uuid.UUID = found[0].id
        return organization_id
    slugs = ", ".join(row.slug for row in rows)
    if not found:
        fail(f"No organization has the slug {wanted!r}; there is: {slugs}")
    fail(f"There are several organizations ({slugs}); say which with PIXEL_ORGANIZATION=SLUG")


def find_knowledge_base(place: Workplace, reference: str, *, create: bool) -> uuid.UUID:
    """A knowledge base by name or slug; made when `create`.

    Args:
        place: Where to look.
        reference: Its name or slug.
        create: Whether to make it when it is missing.
    """
    import re

    from sqlalchemy import or_, select

    from storage.postgres.models.knowledge_base import KnowledgeBase
    from storage.postgres.session import organization_session

    slug = re.sub(r"[^a-z0-9]+", "-", reference.lower()).strip("-")
    with organization_session(place.stores.app, place.organization_id) as session:
        matches = or_(KnowledgeBase.slug == slug, KnowledgeBase.name == reference)
        found = session.scalar(select(KnowledgeBase).where(matches, KnowledgeBase.archived_at.is_(None)))
        if found is None and create:
            if not slug:
                fail(f"A knowledge base needs a name with letters or digits, not {reference!r}")
            found = KnowledgeBase(organization_id=place.organization_id, name=reference, slug=slug)
            session.add(found)
            session.flush()
        if found is None:
            slugs = session.scalars(select(KnowledgeBase.slug).order_by(KnowledgeBase.slug)).all()
            fail(f"No knowledge base {reference!r}; there is: {', '.join(slugs) or 'none yet'}")
        return found.id


def knowledge_base_ids(place: Workplace) -> list[uuid.UUID]:
    """Every knowledge base of the organization."""
    from sqlalchemy import select

    from storage.postgres.models.knowledge_base import KnowledgeBase
    from storage.postgres.session import organization_session

    with organization_session(place.stores.app, place.organization_id) as session:
        return list(session.scalars(select(KnowledgeBase.id).where(KnowledgeBase.archived_at.is_(None))).all())
