"""Reads stored runs back, for reports: scores from the run, answers from the receipts that the scores lead to."""

import uuid
from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from evals.datasets.questions import Questions
from evals.metrics.proportion import Proportion
from evals.result import EvalResult, ScoredSample
from evals.samples import Observation
from storage.postgres.models.chatbot import Chatbot
from storage.postgres.models.document import Document
from storage.postgres.models.eval_run import EvalRun
from storage.postgres.models.eval_score import EvalScore
from storage.postgres.models.message import Message
from storage.postgres.models.receipt import Receipt
from storage.postgres.models.receipt_passage import ReceiptPassage
from storage.postgres.session import AnyRow, organization_session


def latest_results(app: Engine, organization_id: uuid.UUID, dataset: Questions, *, limit: int = 2) -> list[EvalResult]:
    """The newest runs on exactly these questions, newest first; runs whose answers were erased meanwhile are shorter.

    Args:
        app: Engine of the application's role.
        organization_id: Whose runs.
        dataset: The questions that were asked.
        limit: How many runs at most.
    """
    with organization_session(app, organization_id) as session:
        runs = session.execute(
            select(EvalRun, Chatbot.slug)
            .outerjoin(Chatbot, Chatbot.id == EvalRun.chatbot_id)
            .where(EvalRun.dataset_hash == dataset.content_hash)
            .order_by(EvalRun.created_at.desc(), EvalRun.id)
            .limit(limit)
        ).all()
        return [_result(session, run, slug or "deleted bot", dataset) for run, slug in runs]


def _result(session: Session, run: EvalRun, slug: str, dataset: Questions) -> EvalResult:
    scores: dict[str, dict[str, bool]] = defaultdict(dict)
    messages: dict[str, uuid.UUID] = {}
    for row in session.scalars(select(EvalScore).where(EvalScore.eval_run_id == run.id)):
        scores[row.sample_id][row.scorer] = bool(row.value)
        if row.message_id is not None:
            messages[row.sample_id] = row.message_id
    answers = _observations(session, list(messages.values()))
    samples = tuple(
        ScoredSample(sample, answers[messages[sample.id]], scores[sample.id])
        for sample in dataset.samples
        if messages.get(sample.id) in answers
    )
    return EvalResult(
        eval_run_id=run.id,
        organization_id=run.organization_id,
        task=run.task,
        dataset=run.dataset,
        dataset_hash=run.dataset_hash,
        chatbot=slug,
        created_at=run.created_at,
        samples=samples,
        metrics={name: Proportion(**metric) for name, metric in run.metrics.items()},
    )


def _observations(session: Session, message_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, Observation]:
    passages: dict[uuid.UUID, list[AnyRow]] = defaultdict(list)
    rows = session.execute(
        select(Receipt.message_id, ReceiptPassage.citation, ReceiptPassage.quotes, Document.name)
        .join(Receipt, Receipt.id == ReceiptPassage.receipt_id)
        .outerjoin(Document, Document.id == ReceiptPassage.document_id)
        .where(Receipt.message_id.in_(message_ids))
        .order_by(Receipt.message_id, ReceiptPassage.rank)
    )
    for row in rows:
        passages[row.message_id].append(row)
    answered = session.execute(
        select(Receipt, Message.content)
        .join(Message, Message.id == Receipt.message_id)
        .where(Receipt.message_id.in_(message_ids))
    )
    return {
        receipt.message_id: _observation(receipt, content, passages[receipt.message_id])
        for receipt, content in answered
    }


def _observation(receipt: Receipt, content: str, passages: list[AnyRow]) -> Observation:
    return Observation(
        message_id=receipt.message_id,
        text=content,
        quotes=tuple(quote for passage in passages for quote in passage.quotes),
        is_refused=receipt.is_refused,
        retrieved=tuple(passage.name or "" for passage in passages),
        cited=frozenset(p.name for p in passages if p.citation is not None and p.name is not None),
        index_version_id=receipt.index_version_id,
        total_ms=receipt.latencies_ms.get("total", 0.0),
    )
