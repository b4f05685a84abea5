"""A product installation of its own with many passages in it: real Postgres, real LanceDB, loaded as ingestion would."""

import shutil
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select

from ingestion.chunk_settings import ChunkSettings
from ingestion.embedding.embedder import default_embedder
from ingestion.live_index import ensure_live_index
from ingestion.settings import IngestSettings
from storage.postgres import embedded
from storage.postgres.bulk import insert_rows, table_of
from storage.postgres.migrate import migrate
from storage.postgres.models.chunk import Chunk
from storage.postgres.models.document import Document
from storage.postgres.models.document_version import DocumentVersion, VersionState
from storage.postgres.models.embedding import Embedding
from storage.postgres.models.index_manifest import IndexManifest
from storage.postgres.models.index_version import IndexVersion
from storage.postgres.models.knowledge_base import KnowledgeBase
from storage.postgres.models.organization import Organization
from storage.postgres.provision import provision
from storage.postgres.session import organization_session, owner_session
from storage.reconciler import verify
from storage.records.digest import chunk_digest
from storage.records.vector import vector_to_bytes
from storage.settings import StorageSettings
from storage.stores import Stores, open_stores

PASSAGES_PER_DOCUMENT = 50


@dataclass(frozen=True)
class Installation:
    """Open stores, one organization and its knowledge base."""

    settings: StorageSettings
    stores: Stores
    organization_id: uuid.UUID
    knowledge_base_id: uuid.UUID

    def index(self) -> IndexVersion:
        """The live index version, made if there is none."""
        chunks = ChunkSettings.of_settings(IngestSettings(_env_file=None))
        with organization_session(self.stores.app, self.organization_id) as session:
            return ensure_live_index(session, self.organization_id, embedder=default_embedder(), chunks=chunks)


@contextmanager
def installation() -> Iterator[Installation]:
    """A fresh installation in a temporary folder; everything of it is gone afterwards."""
    home = Path(tempfile.mkdtemp(prefix="pixel-bench-"))
    settings = StorageSettings(home=home, _env_file=None)
    embedded.start(settings)
    try:
        provision(settings)
        migrate(settings)
        stores = open_stores(settings)
        try:
            yield _with_organization(settings, stores)
        finally:
            stores.close()
    finally:
        embedded.stop(settings, immediate=True)
        shutil.rmtree(home, ignore_errors=True)


def _with_organization(settings: StorageSettings, stores: Stores) -> Installation:
    with owner_session(stores.owner) as session:
        organization = Organization(name="Bench", slug=f"bench-{uuid.uuid4().hex[:8]}")
        session.add(organization)
        session.flush()
        organization_id = organization.id
    with organization_session(stores.app, organization_id) as session:
        base = KnowledgeBase(organization_id=organization_id, name="Bench", slug="bench")
        session.add(base)
        session.flush()
        return Installation(settings, stores, organization_id, base.id)


def load(
    place: Installation,
    texts: Sequence[str],
    vectors: NDArray[np.float32],
    *,
    name: str = "bench",
    per_document: int = PASSAGES_PER_DOCUMENT,
) -> None:
    """Put passages into Postgres as if they had been read, `per_document` to a document, and into LanceDB."""
    index = place.index()
    for start in range(0, len(texts), per_document * 100):
        stop = min(len(texts), start + per_document * 100)
        with organization_session(place.stores.app, place.organization_id) as session:
            documents, versions, chunks, embeddings = [], [], [], []
            for first in range(start, stop, per_document):
                numbers = range(first, min(stop, first + per_document))
                document, version, own, theirs = _document(place, index, name, texts, vectors, numbers)
                documents.append(document)
                versions.append(version)
                chunks += own
                embeddings += theirs
            insert_rows(session, table_of(Document), documents)
            insert_rows(session, table_of(DocumentVersion), versions)
            insert_rows(session, table_of(Chunk), chunks)
            insert_rows(session, table_of(Embedding), embeddings)
            table = table_of(Document)
            for version in versions:
                current = table.update().where(table.c.id == version["document_id"])
                session.execute(current.values(current_version_id=version["id"]))
    verify(place.stores, heal=True, organization_id=place.organization_id)
    place.stores.vectors.compact(index.table_name)
    _write_manifests(place, index)


def _write_manifests(place: Installation, index: IndexVersion) -> None:
    """What ingestion would have written after each document: without it every version counts as never written."""
    lance_version = place.stores.vectors.version(index.table_name)
    versions, manifests = table_of(DocumentVersion), table_of(IndexManifest)
    written = select(manifests.c.document_version_id).where(manifests.c.index_version_id == index.id)
    missing = select(versions.c.id, versions.c.expected_count, versions.c.expected_digest).where(
        versions.c.id.not_in(written)
    )
    with organization_session(place.stores.app, place.organization_id) as session:
        rows: list[dict[str, object]] = [
            {
                "id": uuid.uuid4(),
                "organization_id": place.organization_id,
                "index_version_id": index.id,
                "document_version_id": row.id,
                "lance_version": lance_version,
                "row_count": row.expected_count,
                "digest": row.expected_digest,
                "epoch": 0,
            }
            for row in session.execute(missing)
        ]
        insert_rows(session, manifests, rows)


def _document(
    place: Installation,
    index: IndexVersion,
    name: str,
    texts: Sequence[str],
    vectors: NDArray[np.float32],
    numbers: range,
) -> tuple[dict[str, object], dict[str, object], list[dict[str, object]], list[dict[str, object]]]:
    document_id, version_id = uuid.uuid4(), uuid.uuid4()
    keys = {n: uuid.uuid5(uuid.NAMESPACE_OID, f"{name}-{n}") for n in numbers}
    hashes = {n: f"{uuid.uuid5(uuid.NAMESPACE_URL, f'{name}-{n}').hex:0>64}" for n in numbers}
    owned = {"organization_id": place.organization_id}
    document = owned | {
        "id": document_id,
        "knowledge_base_id": place.knowledge_base_id,
        "source_uri": f"bench:{name}-{numbers.start}",
        "name": f"{name}-{numbers.start}.txt",
        "tags": [f"tag{numbers.start // PASSAGES_PER_DOCUMENT % 10}"],
        "custom_metadata": {"number": numbers.start},
    }
    version = owned | {
        "id": version_id,
        "document_id": document_id,
        "number": 1,
        "content_hash": f"{document_id.hex:0>64}",
        "pipeline_version": "bench",
        "chunking": index.chunker,
        "state": VersionState.READY.value,
        "byte_size": 1,
        "language": "en",
        "expected_count": len(numbers),
        "expected_digest": chunk_digest(list(keys.values())),
    }
    chunks = [
        owned | {
            "id": keys[n], "document_version_id": version_id, "document_id": document_id, "chunking": index.chunker,
            "ordinal": n - numbers.start, "text": texts[n], "text_hash": hashes[n],
            "token_count": max(1, len(texts[n].split())), "language": "en", "heading_path": [],
            "char_start": 0, "char_end": len(texts[n]), "flags": [],
        }
        for n in numbers
    ]  # fmt: skip
    embeddings = [
        owned | {
            "text_hash": hashes[n], "model": index.embedding_model, "dimension": vectors.shape[1],
            "vector": vector_to_bytes(vectors[n]),
        }
        for n in numbers
    ]  # fmt: skip
    return document, version, chunks, embeddings
