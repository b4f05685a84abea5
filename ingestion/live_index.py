"""The organization's live index version, made when its first document comes, and the lock of the pointer to it."""

import uuid
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ingestion.chunk_settings import ChunkSettings
from ingestion.chunking.chunker import Chunker
from ingestion.embedding.embedder import Embedder
from ingestion.embedding.registry import embedder_of
from ingestion.settings import IngestSettings
from storage.errors import StorageError
from storage.lance.schema import TableSpec
from storage.postgres.models.index_version import IndexStatus, IndexVersion
from storage.postgres.session import organization_session
from storage.stores import Stores


class LiveIndexChangedError(StorageError):
    """Another index version went live while a document was on its way into this one; it goes into the new one."""


@dataclass(frozen=True, slots=True)
class Target:
    """An index version with what fills it."""

    index: IndexVersion
    embedder: Embedder
    chunker: Chunker


def lock_pointer(session: Session, organization_id: uuid.UUID, *, is_shared: bool = False) -> None:
    """Hold the organization's pointer to its live index until the transaction ends.

    Whoever moves the pointer holds it alone; whoever must not see it move (a version that becomes current) shares it.
    """
    function = "pg_advisory_xact_lock_shared" if is_shared else "pg_advisory_xact_lock"
    statement = select(getattr(func, function)(func.hashtextextended(f"pixel:index:{organization_id}", 0)))
    session.execute(statement)


def live_index(session: Session, organization_id: uuid.UUID) -> IndexVersion | None:
    """The live index version, if there is one."""
    return session.scalars(
        select(IndexVersion).where(
            IndexVersion.organization_id == organization_id, IndexVersion.status == IndexStatus.LIVE
        )
    ).one_or_none()


def next_number(session: Session, organization_id: uuid.UUID) -> int:
    """The number of the organization's next index version. The caller holds the pointer's lock."""
    newest = session.scalar(
        select(func.max(IndexVersion.number)).where(IndexVersion.organization_id == organization_id)
    )
    return (newest or 0) + 1


def table_name(organization_id: uuid.UUID, number: int) -> str:
    """The vector table of an index version; no other version has it, now or later."""
    return f"org_{organization_id.hex}_v{number}"


def ensure_live_index(
    session: Session, organization_id: uuid.UUID, *, embedder: Embedder, chunks: ChunkSettings
) -> IndexVersion:
    """The live index version; made if there is none.

    Args:
        session: A session of the organization.
        organization_id: The organization.
        embedder: Whose vectors a new index holds: the model that the product brings.
        chunks: How a new index cuts.
    """
    live = live_index(session, organization_id)
    if live is not None:
        return live
    lock_pointer(session, organization_id)
    live = live_index(session, organization_id)
    if live is not None:
        return live
    number = next_number(session, organization_id)
    live = IndexVersion(
        organization_id=organization_id,
        number=number,
        status=IndexStatus.LIVE,
        table_name=table_name(organization_id, number),
        embedding_model=embedder.model,
        model_fingerprint=embedder.fingerprint,
        dimension=embedder.dimension,
        chunker=chunks.make().name[:50],
        settings=chunks.model_dump(),
        promoted_at=func.now(),
    )
    session.add(live)
    session.flush()
    return live


def live_target(stores: Stores, organization_id: uuid.UUID, *, embedder: Embedder, settings: IngestSettings) -> Target:
    """The live index with its own model and chunker; made with the given ones if there is none.

    Raises:
        IndexMismatchError: Its model is not the one that it was built with.
        ModelUnavailableError: Its model is not here.
    """
    with organization_session(stores.app, organization_id) as session:
        index = ensure_live_index(
            session, organization_id, embedder=embedder, chunks=ChunkSettings.of_settings(settings)
        )
    return target_of(index, settings)


def target_of(index: IndexVersion, settings: IngestSettings) -> Target:
    """An index version with its own model and chunker; raises as `live_target`."""
    return Target(index, embedder_of(index), ChunkSettings.of_index(index, settings).make())


def hold_live(session: Session, index: IndexVersion) -> None:
    """Make sure that an index stays live until the transaction ends.

    Raises:
        LiveIndexChangedError: It is not live any more.
    """
    lock_pointer(session, index.organization_id, is_shared=True)
    status = session.scalar(
        select(IndexVersion.status).where(IndexVersion.id == index.id).execution_options(populate_existing=True)
    )
    if status != IndexStatus.LIVE:
        raise LiveIndexChangedError(
            f"Index version {index.number} is {status}, not live any more; what was on its way into it is indexed again."
        )


def table_spec(index: IndexVersion) -> TableSpec:
    """The vector table of an index version."""
    return TableSpec(name=index.table_name, embedding_model=index.embedding_model, dimension=index.dimension)
