"""Receipts as they are told."""

import uuid

from sqlalchemy.ext.asyncio import AsyncSession

from serving.accounts.principal import Actor
from serving.conversations import repository
from serving.conversations.errors import MessageNotFoundError, ReceiptNotFoundError
from serving.conversations.schemas import EvalInReceipt, FeedbackInReceipt, ReceiptOut, ReceiptPassageOut
from storage.postgres.session import AnyRow


async def get_receipt(session: AsyncSession, actor: Actor, message_id: uuid.UUID) -> ReceiptOut:
    """The receipt of an answer, with the feedback and evaluations that came since."""
    if await repository.visible_message(session, actor, message_id) is None:
        raise MessageNotFoundError
    row = await repository.receipt(session, message_id)
    if row is None:
        raise ReceiptNotFoundError
    passages = await repository.receipt_passages(session, row.id)
    feedback = await repository.feedback_on(session, message_id)
    evals = await repository.evals_of(session, message_id)
    return ReceiptOut(
        **row._mapping,
        passages=[_passage_out(p) for p in passages],
        feedback=[FeedbackInReceipt.model_validate(f) for f in feedback],
        evals=[EvalInReceipt.model_validate(e) for e in evals],
    )


def _passage_out(row: AnyRow) -> ReceiptPassageOut:
    """A passage of a receipt. Of a document that the reader may not see, only that there was one is told."""
    shown = ReceiptPassageOut.model_validate(row)
    if not shown.is_withheld:
        return shown
    return ReceiptPassageOut(
        rank=shown.rank,
        rank_before_rerank=shown.rank_before_rerank,
        citation=shown.citation,
        quotes=[],
        chunk_id=None,
        document_id=None,
        document_version_id=None,
        document_name=None,
        document_version=None,
        page=None,
        boxes=None,
        char_start=0,
        char_end=0,
        text_hash="",
        scores={},
        erased_at=shown.erased_at,
        is_withheld=True,
    )
