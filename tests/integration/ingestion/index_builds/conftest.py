"""An organization with some documents in its live index, and a tiny model to change to."""

import uuid
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import select

from ingestion.index_builds.contents import MissingVersion, contents_mark, missing_versions
from ingestion.index_builds.gate_record import GATES, GateResult, contents_now, keep_record
from ingestion.worker import run_until_idle
from storage.postgres.models.index_version import IndexStatus, IndexVersion
from storage.postgres.models.knowledge_base import KnowledgeBase
from storage.postgres.session import organization_session
from storage.reconciler import TableDrift, compare
from storage.stores import Stores
from tests.factories.embedding_models import make_tiny_model
from tests.factories.knowledge import FAST, give

DOCUMENTS = {
    f"file:docs/{topic}.md": f"# {topic.title()}\n\n" + " ".join(
        f"Rule {number} about {topic} says that {topic} must be looked after by {who} every week."
        for number, who in enumerate(("the owner", "a neighbour", "the night shift", "whoever comes first"))
    )
    for topic in ("gardens", "engines", "archives", "kitchens", "bridges")
}  # fmt: skip


@dataclass(frozen=True)
class Shelf:
    """An organization's documents and index versions."""

    stores: Stores
    knowledge_base: KnowledgeBase

    @property
    def organization_id(self) -> uuid.UUID:
        return self.knowledge_base.organization_id

    def give(self, text: str, uri: str) -> None:
        """Take a document in and wait until it is searchable."""
        give(self.stores, self.knowledge_base, text, uri=uri)
        self.work()

    def work(self) -> None:
        run_until_idle(self.stores, organization_id=self.organization_id, settings=FAST)

    def indexes(self) -> list[IndexVersion]:
        with organization_session(self.stores.app, self.organization_id) as session:
            return list(session.scalars(select(IndexVersion).order_by(IndexVersion.number)))

    def index(self, number: int) -> IndexVersion:
        return next(index for index in self.indexes() if index.number == number)

    def live(self) -> IndexVersion:
        (live,) = [index for index in self.indexes() if index.status == IndexStatus.LIVE]
        return live

    def drift(self, number: int) -> TableDrift:
        return compare(self.stores, self.index(number))

    def missing(self, number: int) -> list[MissingVersion]:
        with organization_session(self.stores.app, self.organization_id) as session:
            return missing_versions(session, self.index(number))

    def mark(self, number: int) -> str:
        with organization_session(self.stores.app, self.organization_id) as session:
            return contents_mark(session, self.index(number))

    def pass_gates(self, number: int, *, failed: tuple[str, ...] = ()) -> None:
        """Write down that the gates passed on what the index version holds now."""
        index = self.index(number)
        results = [
            GateResult(name=name, passed=name not in failed, measured=0.0, threshold=0.0, detail=f"{name} looked.")
            for name in GATES
        ]
        keep_record(self.stores, self.organization_id, index.id, contents_now(self.stores, index), results)


@pytest.fixture
def shelf(stores: Stores, knowledge_base: KnowledgeBase) -> Shelf:
    """Five documents in a live index."""
    shelf = Shelf(stores, knowledge_base)
    for uri, text in DOCUMENTS.items():
        give(stores, knowledge_base, text, uri=uri)
    shelf.work()
    return shelf


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of 32 dimensions."""
    return make_tiny_model(tmp_path_factory.mktemp("models") / "tiny")
