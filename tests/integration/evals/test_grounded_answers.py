"""The whole evaluation on real documents: ingested, asked, scored, stored, read back, reported."""

import uuid
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from evals.datasets.questions import load_questions
from evals.errors import DatasetError, TargetError
from evals.freshness import still_holds
from evals.result import EvalResult
from evals.run import evaluate_grounded_answers
from evals.stored import latest_results
from ingestion.batch import ingest_paths
from serving.bots.bootstrap import create_default_bot
from storage.postgres.models.conversation import Conversation
from storage.postgres.models.eval_score import EvalScore
from storage.postgres.models.knowledge_base import KnowledgeBase
from storage.postgres.models.message import Message
from storage.postgres.models.organization import Organization
from storage.postgres.session import organization_session
from storage.settings import StorageSettings
from storage.stores import open_stores
from tests.factories.accounts import make_organization

DOCUMENTS = {
    "returns.md": "# Returns\n\nYou may return a grinder within 30 days after delivery. The refund takes ten working days.",
    "canteen.md": "# Canteen\n\nThe canteen serves lunch from 11:30 to 13:30 on working days.",
}
QUESTIONS = """
- {id: q1, question: "When does the canteen serve lunch?", language: en, answerable: true, document: canteen.md, answer: "from 11:30 to 13:30"}
- {id: q2, question: "What is the boiling point of tungsten on Mars?", language: en, answerable: false}
"""


@pytest.fixture(scope="module")
def questions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("questions") / "small.yaml"
    path.write_text(QUESTIONS)
    return path


@pytest.fixture(scope="module")
def taught(settings: StorageSettings, owner: Engine, tmp_path_factory: pytest.TempPathFactory) -> Organization:
    """An organization whose bot has read two documents."""
    row = make_organization(owner, name="Taught")
    create_default_bot(owner, row.id, knowledge_base="default", slug="assistant")
    folder = tmp_path_factory.mktemp("documents")
    for name, text in DOCUMENTS.items():
        (folder / name).write_text(text)
    stores = open_stores(settings)
    try:
        with organization_session(stores.app, row.id) as session:
            base = session.scalars(select(KnowledgeBase.id)).one()
        ingest_paths(stores, [folder], organization_id=row.id, knowledge_base_id=base)
    finally:
        stores.close()
    return row


class TestEvaluateGroundedAnswers:
    def test_stores_scores_that_lead_to_their_answers(
        self, settings: StorageSettings, app: Engine, taught: Organization, questions: Path
    ) -> None:
        seen: list[tuple[int, int]] = []
        result = _evaluate(settings, taught.id, questions, seen)
        assert seen == [(1, 2), (2, 2)]
        assert result.metrics["document_hit_at_5"].value == 1.0
        assert result.metrics["refusal_recall"].count == 1
        with organization_session(app, taught.id) as session:
            rows = session.execute(
                select(EvalScore.sample_id, EvalScore.scorer, Conversation.channel)
                .join(Message, Message.id == EvalScore.message_id)
                .join(Conversation, Conversation.id == Message.conversation_id)
                .where(EvalScore.eval_run_id == result.eval_run_id)
            ).all()
        assert {(row.sample_id, row.scorer) for row in rows} == {
            ("q1", "right_document_at_5"), ("q1", "cited_document"), ("q1", "contains_answer"), ("q1", "refused"),
            ("q2", "refused"),
        }  # fmt: skip
        assert {row.channel for row in rows} == {"eval"}

    def test_a_stored_run_reads_back_the_same(
        self, settings: StorageSettings, app: Engine, taught: Organization, questions: Path
    ) -> None:
        result = _evaluate(settings, taught.id, questions, [])
        stored, before = latest_results(app, taught.id, load_questions(questions))[:2]
        assert stored.eval_run_id == result.eval_run_id
        assert stored.metrics == result.metrics
        assert stored.samples == result.samples
        assert before.created_at < stored.created_at

    def test_a_run_holds_until_something_changes(
        self, settings: StorageSettings, app: Engine, taught: Organization, questions: Path
    ) -> None:
        dataset = load_questions(questions)
        _evaluate(settings, taught.id, questions, [])
        assert still_holds(app, taught.id, dataset)
        with organization_session(app, taught.id) as session:
            session.scalars(select(KnowledgeBase)).one().description = "Now with a description"
        assert not still_holds(app, taught.id, dataset)

    def test_unknown_bot(self, settings: StorageSettings, taught: Organization, questions: Path) -> None:
        with pytest.raises(TargetError, match="No bot 'nobody'"):
            _evaluate(settings, taught.id, questions, [], chatbot="nobody")

    def test_documents_that_are_not_here(
        self, settings: StorageSettings, organization: Organization, questions: Path
    ) -> None:
        with pytest.raises(DatasetError, match="None of the 1 documents"):
            _evaluate(settings, organization.id, questions, [])

    def test_no_published_bot(self, settings: StorageSettings, organization: Organization, tmp_path: Path) -> None:
        path = tmp_path / "open.yaml"
        path.write_text('- {id: q, question: "Why?", language: en, answerable: false}\n')
        with pytest.raises(TargetError, match="no published bot"):
            _evaluate(settings, organization.id, path, [])


def _evaluate(
    settings: StorageSettings,
    organization_id: uuid.UUID,
    questions: Path,
    seen: list[tuple[int, int]],
    chatbot: str | None = None,
) -> EvalResult:
    return evaluate_grounded_answers(
        settings,
        organization_id=organization_id,
        questions=questions,
        chatbot=chatbot,
        on_sample=lambda done, total: seen.append((done, total)),
    )
