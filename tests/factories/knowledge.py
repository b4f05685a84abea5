"""Builders of knowledge bases, and of documents that went the whole way."""

import uuid

from sqlalchemy import Engine

from ingestion.intake import Accepted, accept
from ingestion.settings import IngestSettings
from storage.postgres.models.knowledge_base import KnowledgeBase
from storage.postgres.session import organization_session
from storage.stores import Stores

FAST = IngestSettings(lease_seconds=1.0, retry_seconds=0.05, _env_file=None)


def make_knowledge_base(app: Engine, organization_id: uuid.UUID, *, name: str = "Handbook") -> KnowledgeBase:
    """A committed knowledge base."""
    with organization_session(app, organization_id) as session:
        row = KnowledgeBase(organization_id=organization_id, name=name, slug=f"{name.lower()}-{uuid.uuid4().hex[:8]}")
        session.add(row)
    return row


def give(
    stores: Stores,
    knowledge_base: KnowledgeBase,
    text: str | bytes,
    *,
    uri: str = "file:docs/a.md",
    settings: IngestSettings = FAST,
) -> Accepted:
    """Accept a Markdown document."""
    return accept(
        stores,
        organization_id=knowledge_base.organization_id,
        knowledge_base_id=knowledge_base.id,
        source_uri=uri,
        name=uri.rsplit("/", 1)[-1],
        data=text.encode() if isinstance(text, str) else text,
        settings=settings,
    )
