"""What an index version is to be built from."""

import uuid
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from ingestion.chunk_settings import ChunkSettings
from ingestion.embedding.embedder import Embedder
from ingestion.embedding.registry import embedder_for, resolve_model
from ingestion.errors import UnknownIndexVersionError
from ingestion.live_index import live_index
from ingestion.settings import IngestSettings
from storage.postgres.models.index_version import IndexVersion
from storage.records.record import Record


class BuildRequest(Record):
    """What to change. What is not said stays as it is in the live index.

    `model` is a path, the name of a further model, or the name of the product's own.
    """

    model: str | None = None
    chunker: str | None = None
    chunk_tokens: int | None = None
    chunk_overlap_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """A request made whole: the model, the chunker and the name of its cut."""

    model_source: str | None
    embedder: Embedder
    chunks: ChunkSettings
    chunking: str


def plan(session: Session, organization_id: uuid.UUID, request: BuildRequest, *, settings: IngestSettings) -> Plan:
    """Fill a request with what the live index says, or the settings where there is none.

    Raises:
        ModelUnavailableError: There is no such model.
        IngestionError: There is no such chunker.
        ValidationError: A size is out of bounds.
    """
    live = live_index(session, organization_id)
    base = ChunkSettings.of_settings(settings) if live is None else ChunkSettings.of_index(live, settings)
    changes = request.model_dump(exclude={"model"}, exclude_none=True)
    chunks = ChunkSettings.model_validate({**base.model_dump(), **changes})
    if request.model is not None:
        folder = resolve_model(request.model)
        source = None if folder is None else str(folder)
    else:
        source = None if live is None else live.model_source
    # An index that is asked for as it is keeps the name of its cut, however old that name is.
    chunking = live.chunker if live is not None and chunks == base else chunks.make().name[:50]
    return Plan(source, embedder_for(source), chunks, chunking)


def find_version(
    session: Session, organization_id: uuid.UUID, reference: uuid.UUID | int, *, is_locked: bool = False
) -> IndexVersion:
    """An index version by id or number, as the database has it now.

    Args:
        session: A session of the organization.
        organization_id: The organization.
        reference: Its id or number.
        is_locked: Lock the row until the transaction ends.

    Raises:
        UnknownIndexVersionError: The organization has none like this.
    """
    is_meant = IndexVersion.id == reference if isinstance(reference, uuid.UUID) else IndexVersion.number == reference
    statement = select(IndexVersion).where(IndexVersion.organization_id == organization_id, is_meant)
    if is_locked:
        statement = statement.with_for_update()
    found = session.scalars(statement.execution_options(populate_existing=True)).one_or_none()
    if found is None:
        raise UnknownIndexVersionError(
            f"There is no index version {reference}; `pixel index list` names those there are."
        )
    return found
