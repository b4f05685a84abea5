"""Which passages an answer has shown: its citations, and after a refusal those that come closest."""

import uuid
from collections.abc import Iterable, Sequence

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from serving.accounts.principal import Actor
from serving.conversations import repository
from serving.conversations.errors import MessageNotFoundError
from serving.conversations.schemas import CitationOut
from storage.postgres.models.chunk import Chunk
from storage.postgres.models.conversation import Conversation
from storage.postgres.models.document import Document
from storage.postgres.models.receipt import Receipt
from storage.postgres.models.receipt_passage import ReceiptPassage
from storage.postgres.session import AnyRow

RELATED = 3


def related_ranks(passages: Iterable[tuple[int, uuid.UUID | None]]) -> list[int]:
    """Ranks of the passages that a refusal names: the closest one of each document, the first few of those.

    Args:
        passages: Rank and document of each passage that the answer was given.
    """
    first: dict[uuid.UUID | None, int] = {}
    for rank, document_id in sorted(passages, key=lambda one: one[0]):
        first.setdefault(document_id, rank)
    return sorted(first.values())[:RELATED]


async def list_citations(session: AsyncSession, actor: Actor, message_id: uuid.UUID) -> list[CitationOut]:
    """The sources of an answer, by number; without those that are gone or that the actor may not read.

    Raises:
        MessageNotFoundError: Unknown, or of somebody else.
    """
    if await repository.visible_message(session, actor, message_id) is None:
        raise MessageNotFoundError
    return [as_shown(row) for row in await passages_shown(session, message_id) if row.citation is not None]


async def was_shown(session: AsyncSession, actor: Actor, chunk_id: uuid.UUID) -> bool:
    """Whether an answer to the actor has shown a passage."""
    of_theirs = (
        select(ReceiptPassage.receipt_id)
        .join(Receipt, Receipt.id == ReceiptPassage.receipt_id)
        .join(Conversation, Conversation.id == Receipt.conversation_id)
        .where(ReceiptPassage.chunk_id == chunk_id, repository.visible_to(actor))
    )
    refused: dict[uuid.UUID, list[AnyRow]] = {}
    for row in await _passages(session, of_theirs):
        if row.chunk_id == chunk_id and row.citation is not None:
            return True
        if row.is_refused:
            refused.setdefault(row.receipt_id, []).append(row)
    return any(
        row.chunk_id == chunk_id and row.rank in related_ranks((one.rank, one.document_id) for one in rows)
        for rows in refused.values()
        for row in rows
    )


async def _passages(session: AsyncSession, receipts: Select[uuid.UUID]) -> Sequence[AnyRow]:
    """All passages of some receipts."""
    statement = (
        select(
            ReceiptPassage.receipt_id, ReceiptPassage.rank, ReceiptPassage.chunk_id, ReceiptPassage.document_id,
            ReceiptPassage.citation, Receipt.is_refused,
        )
        .join(Receipt, Receipt.id == ReceiptPassage.receipt_id)
        .where(ReceiptPassage.receipt_id.in_(receipts))
    )  # fmt: skip
    return (await session.execute(statement)).all()


async def passages_shown(session: AsyncSession, message_id: uuid.UUID) -> Sequence[AnyRow]:
    """The passages of an answer that are there and may be read: the cited ones by number, then the others by rank."""
    statement = (
        select(
            *ReceiptPassage.__table__.columns,
            Chunk.heading_path,
            Document.name.label("document_name"),
        )
        .join(Receipt, Receipt.id == ReceiptPassage.receipt_id)
        .join(Document, Document.id == ReceiptPassage.document_id)
        .join(Chunk, Chunk.id == ReceiptPassage.chunk_id)
        .where(Receipt.message_id == message_id, Document.tombstoned_at.is_(None))
        .order_by(ReceiptPassage.citation.nulls_last(), ReceiptPassage.rank)
    )
    return (await session.execute(statement)).all()


def as_shown(row: AnyRow) -> CitationOut:
    """A row of `passages_shown` as readers get it; one that was not cited goes by its rank."""
    return CitationOut(
        number=row.citation if row.citation is not None else row.rank,
        chunk_id=row.chunk_id,
        document_id=row.document_id,
        document_name=row.document_name,
        page=row.page,
        heading_path=list(row.heading_path),
        char_start=row.char_start,
        char_end=row.char_end,
        score=float(row.scores.get("similarity", 0.0)),
        quotes=list(row.quotes),
        url=f"/api/v1/passages/{row.chunk_id}",
    )


def suggestions_of(passages: Iterable[tuple[Sequence[str], str]]) -> list[str]:
    """What passages are about: headings first, since people ask about those; each once.

    Args:
        passages: Heading path and document name of each, the closest first.
    """
    return list(dict.fromkeys(" › ".join(path) or name for path, name in passages))[:RELATED]
