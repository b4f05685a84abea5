"""Whether the newest evaluation still says how the bot answers: nothing that an answer rests on has changed since."""

import uuid
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine, func, select

from evals.datasets.questions import Questions
from storage.postgres.models.chatbot import Chatbot
from storage.postgres.models.document import Document
from storage.postgres.models.document_version import DocumentVersion
from storage.postgres.models.eval_run import EvalRun
from storage.postgres.models.index_version import IndexVersion
from storage.postgres.models.knowledge_base import KnowledgeBase
from storage.postgres.session import organization_session

_ROOT = Path(__file__).parents[1]
_CODE = ("evals", "serving", "ingestion/embedding")

# Each is the moment of the latest change of one kind of row.
_CHANGES = (
    Document.updated_at,
    Document.tombstoned_at,
    DocumentVersion.ready_at,
    Chatbot.updated_at,
    KnowledgeBase.updated_at,
    IndexVersion.promoted_at,
)


def still_holds(app: Engine, organization_id: uuid.UUID, dataset: Questions) -> bool:
    """Whether a run on these questions is younger than every document, bot, index and line of answering code.

    A model behind an API can change without a trace here; scheduled runs therefore do not ask this.

    Args:
        app: Engine of the application's role.
        organization_id: Whose run.
        dataset: The questions.
    """
    with organization_session(app, organization_id) as session:
        newest = select(func.max(EvalRun.created_at)).where(EvalRun.dataset_hash == dataset.content_hash)
        ran_at: datetime | None = session.scalar(newest)
        changes = [session.scalar(select(func.max(column))) for column in _CHANGES]
    if ran_at is None:
        return False
    return ran_at > max([_code_changed_at(), *(change for change in changes if change is not None)])


def _code_changed_at() -> datetime:
    files = (path for folder in _CODE for path in (_ROOT / folder).rglob("*") if path.suffix != ".pyc")
    return datetime.fromtimestamp(max(path.stat().st_mtime for path in files if path.is_file()), UTC)
