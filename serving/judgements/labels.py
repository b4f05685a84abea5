"""Labels: how relevant a place is to a query, said by a person."""

import uuid
from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from serving.accounts.audit import record
from serving.accounts.principal import Actor
from serving.judgements import repository
from serving.judgements.errors import LabelNotFoundError, LabelPlaceNotFoundError
from serving.judgements.repository import Place
from serving.judgements.schemas import LabelCreate
from storage.postgres.models.retrieval_label import RetrievalLabel
from storage.postgres.session import AnyRow


async def list_labels(
    session: AsyncSession, knowledge_base_id: uuid.UUID | None, *, limit: int, offset: int
) -> Sequence[AnyRow]:
    """Labels by query."""
    return await repository.label_rows(session, knowledge_base_id, limit=limit, offset=offset)


async def create_label(session: AsyncSession, actor: Actor, body: LabelCreate) -> AnyRow:
    """Label a place; what was said of the same place for the same query before is replaced.

    Raises:
        LabelPlaceNotFoundError: The passage or version is unknown here.
    """
    place = await _place(session, body)
    row = await repository.label_of(session, body.query, place)
    if row is None:
        row = RetrievalLabel(
            organization_id=actor.organization_id, query=body.query, created_by=actor.user_id, **vars(place)
        )
        session.add(row)
    row.relevance = body.relevance
    await session.flush()
    details = {"relevance": body.relevance}
    record(session, actor, "label.saved", subject_type="retrieval_label", subject_id=row.id, details=details)
    return await repository.label_row(session, row.id)


async def delete_label(session: AsyncSession, actor: Actor, label_id: uuid.UUID) -> None:
    """Take a label back.

    Raises:
        LabelNotFoundError: Unknown here.
    """
    row = await repository.label(session, label_id)
    if row is None:
        raise LabelNotFoundError
    await session.delete(row)
    record(session, actor, "label.deleted", subject_type="retrieval_label", subject_id=label_id)


async def _place(session: AsyncSession, body: LabelCreate) -> Place:
    if body.chunk_id is not None:
        found = await repository.place_of_chunk(session, body.chunk_id)
    else:
        assert body.document_version_id is not None  # noqa: S101 - checked by its shape
        found = await repository.place_of_span(
            session, body.document_version_id, body.char_start or 0, body.char_end or 0
        )
    if found is None:
        raise LabelPlaceNotFoundError
    return found
