"""Queries of evaluations."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from evals.result import ScoredSample
from storage.postgres.models.chatbot import Chatbot, ChatbotStatus
from storage.postgres.models.document import Document
from storage.postgres.models.eval_run import EvalRun
from storage.postgres.models.eval_score import EvalScore

# Slug of the oldest published bot.
FIRST_PUBLISHED = (
    select(Chatbot.slug)
    .where(Chatbot.status == ChatbotStatus.PUBLISHED)
    .order_by(Chatbot.created_at, Chatbot.id)
    .limit(1)
)
# Names of the documents that answers can come from.
READABLE_DOCUMENTS = select(Document.name).where(
    Document.current_version_id.is_not(None), Document.tombstoned_at.is_(None)
)


async def chatbot_id(session: AsyncSession, reference: uuid.UUID | str) -> uuid.UUID | None:
    """Id of a bot that is not archived, by id or slug."""
    wanted = Chatbot.id == reference if isinstance(reference, uuid.UUID) else Chatbot.slug == reference
    found: uuid.UUID | None = await session.scalar(
        select(Chatbot.id).where(wanted, Chatbot.status != ChatbotStatus.ARCHIVED)
    )
    return found


async def store_run(session: AsyncSession, run: EvalRun, samples: tuple[ScoredSample, ...]) -> datetime:
    """Write a run with its scores and return when."""
    session.add(run)
    await session.flush()
    session.add_all(
        EvalScore(
            organization_id=run.organization_id,
            eval_run_id=run.id,
            sample_id=scored.sample.id,
            scorer=scorer,
            value=float(passed),
            details=_details(scored),
            message_id=scored.observation.message_id,
        )
        for scored in samples
        for scorer, passed in scored.scores.items()
    )
    await session.flush()
    created: datetime = await session.scalar(select(func.now()))  # type: ignore[assignment]
    return created


def _details(scored: ScoredSample) -> dict[str, Any]:
    return {
        "language": scored.sample.language,
        "is_answerable": scored.sample.is_answerable,
        "document": scored.sample.document,
        "total_ms": round(scored.observation.total_ms, 3),
    }
