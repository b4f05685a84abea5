"""Stores, and an organization with one document that is to be erased and one that stays."""

import hashlib
import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from ingestion.worker import run_until_idle
from storage.erasure.byte_search import ByteSearch
from storage.erasure.evidence import Evidence, gather
from storage.erasure.proof import search_of
from storage.erasure.targets import Targets
from storage.files.store import FileStore
from storage.lance.store import VectorStore
from storage.postgres.client_tools import client_tool, tool_output
from storage.postgres.models.document import Document
from storage.postgres.models.document_version import DocumentVersion
from storage.postgres.models.knowledge_base import KnowledgeBase
from storage.postgres.models.organization import Organization
from storage.postgres.session import organization_session, owner_session
from storage.postgres.urls import database_urls
from storage.settings import StorageSettings
from storage.stores import Stores
from tests.factories.knowledge import FAST, give, make_knowledge_base

_WORDS = [
    "amber",
    "anchor",
    "basin",
    "beacon",
    "cedar",
    "cobalt",
    "copper",
    "dormer",
    "ember",
    "fathom",
    "gable",
    "garnet",
    "harbor",
    "hollow",
    "indigo",
    "jasper",
]


def secret_text(seed: str, *, sentences: int = 12) -> str:
    """Words that no other document has in this order."""
    chance = random.Random(hashlib.sha256(seed.encode()).digest())  # noqa: S311 - the same seed gives the same words
    lines = [" ".join(chance.choices(_WORDS, k=9)).capitalize() + "." for _ in range(sentences)]
    return f"# {' '.join(chance.choices(_WORDS, k=3)).capitalize()}\n\n" + " ".join(lines) + "\n"


@pytest.fixture(scope="session")
def stores(settings: StorageSettings, owner: Engine, app: Engine) -> Stores:
    """All stores of the test run."""
    return Stores(
        owner=owner,
        app=app,
        vectors=VectorStore(settings.lance_uri),
        files=FileStore(settings.files_uri),
        settings=settings,
    )


@dataclass(frozen=True)
class Scene:
    """An organization with a secret in two versions, and a bystander."""

    stores: Stores
    knowledge_base: KnowledgeBase
    document_id: uuid.UUID
    bystander_id: uuid.UUID
    version_ids: tuple[uuid.UUID, ...]
    secret: str
    evidence: Evidence

    @property
    def organization_id(self) -> uuid.UUID:
        return self.knowledge_base.organization_id

    def places(self) -> set[str]:
        """Where evidence is found now: files of the home by name, and `dump`."""
        search, found = search_of(self.evidence), set()
        for path in files_of(self.stores.settings.home_path):
            with path.open("rb") as handle:
                if next(search.found(handle), None) is not None:
                    found.add(str(path))
        return found | ({"dump"} if dump_hits(self.stores, search) else set())

    def documents(self) -> list[uuid.UUID]:
        with organization_session(self.stores.app, self.organization_id) as session:
            return list(session.scalars(select(Document.id).order_by(Document.id)))


def files_of(home: Path) -> Iterator[Path]:
    """Files of an installation, but those of PostgreSQL and the evidence."""
    for name in ("files", "lance", "logs", "reports"):
        yield from (path for path in (home / name).rglob("*") if path.is_file())


def dump_hits(stores: Stores, search: ByteSearch) -> set[bytes]:
    arguments = [str(client_tool("pg_dump", stores.owner)), "--data-only", "--enable-row-security"]
    with tool_output(arguments, database_urls(stores.settings).owner) as stream:
        return {string for string, _ in search.found(stream)}


def make_scene(stores: Stores, organization: Organization) -> Scene:
    """Give, change and index the secret, and give a bystander."""
    base = make_knowledge_base(stores.app, organization.id)
    first, second = secret_text(f"{organization.id}/1"), secret_text(f"{organization.id}/2")
    for text, uri in (
        (first, "secret.md"),
        (secret_text(f"{organization.id}/b"), "bystander.md"),
        (second, "secret.md"),
    ):
        give(stores, base, text, uri=f"file:docs/{uri}")
        run_until_idle(stores, organization_id=organization.id, settings=FAST)
    with owner_session(stores.owner) as session:
        listed = session.scalars(select(Document).where(Document.organization_id == organization.id))
        ids = {document.name: document.id for document in listed}
        versions = tuple(
            session.scalars(select(DocumentVersion.id).where(DocumentVersion.document_id == ids["secret.md"]))
        )
        evidence = gather(session, organization.id, Targets(version_ids=versions))
    assert len(versions) == 2
    return Scene(stores, base, ids["secret.md"], ids["bystander.md"], versions, first, evidence)


@pytest.fixture
def scene(stores: Stores, organization: Organization) -> Scene:
    """A scene of the test's organization."""
    return make_scene(stores, organization)
