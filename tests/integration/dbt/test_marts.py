"""What the marts say, to whom, and that an incremental build says what a rebuild would."""

import uuid
from decimal import Decimal

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from storage.postgres.models.conversation import Channel
from storage.postgres.models.organization import Organization
from storage.postgres.session import AnyRow, organization_session, owner_session
from tests.factories.accounts import make_organization
from tests.factories.answers import (
    Studio,
    Turn,
    answered_turn,
    close_turn,
    make_studio,
    make_visitor,
    open_turn,
    rate,
    understanding,
)
from tests.integration.dbt.conftest import Dbt

MARTS = (
    "dim_bot_versions", "dim_bots", "dim_document_versions", "dim_documents", "dim_index_versions",
    "dim_organizations", "fct_answer_passages", "fct_answers", "fct_daily_intents", "fct_daily_usage",
    "fct_eval_scores", "fct_feedback", "fct_handovers", "fct_ingestion", "fct_messages",
)  # fmt: skip


@pytest.fixture(scope="module")
def tenant(owner: Engine) -> Organization:
    return make_organization(owner, name="Marts")


@pytest.fixture(scope="module")
def studio(owner: Engine, tenant: Organization) -> Studio:
    return make_studio(owner, tenant.id)


@pytest.fixture(scope="module")
def turn(owner: Engine, studio: Studio) -> Turn:
    asked = understanding("refund", is_out_of_scope=False, sentiment="negative")
    turn = answered_turn(owner, studio, total_ms=120.0, understood=asked)
    rate(owner, studio, turn, 1)
    answered_turn(owner, studio, total_ms=180.0, channel=Channel.WEB, visitor_id=make_visitor(owner, studio))
    _hand_over(owner, turn)
    answered_turn(owner, studio, channel=Channel.EVAL, total_ms=9000.0, understood=asked)
    return turn


@pytest.fixture(scope="module")
def built(dbt: Dbt, turn: Turn) -> Turn:
    """The warehouse, built from zero."""
    dbt("build", "--full-refresh", "--quiet")
    return turn


def _one(app: Engine, organization_id: uuid.UUID, query: str, **parameters: object) -> AnyRow:
    with organization_session(app, organization_id) as session:
        return session.execute(text(query), parameters).one()


class TestFctAnswers:
    def test_tells_receipt_cost_citations_and_feedback(
        self, app: Engine, tenant: Organization, studio: Studio, built: Turn
    ) -> None:
        row = _one(app, tenant.id, "SELECT * FROM analytics.fct_answers WHERE answer_id = :id", id=built.message_id)
        assert row.question_id == built.question_id
        assert row.bot_version_id == studio.bot_version_id
        assert row.index_version_id == studio.index_version_id
        assert row.cost_settled_usd == Decimal("0.00100000")
        assert (row.passages_retrieved, row.passages_cited, row.quotes) == (1, 1, 1)
        assert (row.thumbs_up, row.thumbs_down) == (1, 0)
        assert (row.search_ms, row.total_ms, row.best_score) == (7.0, 120.0, 0.8)

    def test_tells_who_asked(self, app: Engine, tenant: Organization, built: Turn) -> None:
        for mart in ("fct_answers", "fct_messages"):
            with organization_session(app, tenant.id) as session:
                found = session.execute(text(f"SELECT DISTINCT channel, asker FROM analytics.{mart}")).all()  # noqa: S608
            assert {tuple(row) for row in found} == {("api", "member"), ("web", "visitor"), ("eval", "program")}


class TestFctAnswerPassages:
    def test_leads_to_chunk_version_and_document(
        self, app: Engine, tenant: Organization, studio: Studio, built: Turn
    ) -> None:
        row = _one(
            app, tenant.id, "SELECT * FROM analytics.fct_answer_passages WHERE answer_id = :id", id=built.message_id
        )  # fmt: skip
        assert (row.chunk_id, row.document_version_id, row.document_id) == (
            studio.chunk_id,
            studio.document_version_id,
            studio.document_id,
        )


class TestFctDailyUsage:
    def test_counts_people_and_leaves_evaluations_out(self, app: Engine, tenant: Organization, built: Turn) -> None:
        row = _one(app, tenant.id, "SELECT * FROM analytics.fct_daily_usage")
        assert (row.answers, row.answers_complete, row.evaluation_answers) == (2, 2, 1)
        assert (row.p50_total_ms, row.thumbs_up) == (150.0, 1)
        # What an evaluation costs is paid all the same.
        assert (row.provider_calls, row.cost_usd) == (3, Decimal("0.00300000"))


class TestFctHandovers:
    def test_tells_how_long_it_waited_and_who_spoke(
        self, app: Engine, tenant: Organization, studio: Studio, built: Turn
    ) -> None:
        row = _one(app, tenant.id, "SELECT * FROM analytics.fct_handovers")
        assert (row.conversation_id, row.bot_id) == (built.conversation_id, studio.bot_id)
        assert (row.reason, row.state, row.replies) == ("asked", "resolved", 1)
        assert (row.waited_s, row.handled_s) == (30.0, 90.0)


class TestUnderstanding:
    def test_a_question_and_its_answer_say_what_was_understood(
        self, app: Engine, tenant: Organization, built: Turn
    ) -> None:
        columns = "language, intent, is_out_of_scope, sentiment, sentiment_score, entities"
        expected = ("en", "refund", False, "negative", -0.6, 1)
        for mart, key, row_id in (
            ("fct_messages", "message_id", built.question_id),
            ("fct_answers", "answer_id", built.message_id),
        ):
            query = f"SELECT {columns} FROM analytics.{mart} WHERE {key} = :id"  # noqa: S608
            assert tuple(_one(app, tenant.id, query, id=row_id)) == expected

    def test_an_answer_itself_has_no_intent(self, app: Engine, tenant: Organization, built: Turn) -> None:
        query = "SELECT intent, language FROM analytics.fct_messages WHERE message_id = :id"
        assert tuple(_one(app, tenant.id, query, id=built.message_id)) == (None, None)

    def test_a_day_counts_each_intent_and_leaves_evaluations_out(
        self, app: Engine, tenant: Organization, built: Turn
    ) -> None:
        query = "SELECT * FROM analytics.fct_daily_intents WHERE intent = 'refund'"
        row = _one(app, tenant.id, query)
        assert (row.questions, row.positive, row.neutral, row.negative) == (1, 0, 0, 1)
        rest = _one(app, tenant.id, "SELECT * FROM analytics.fct_daily_intents WHERE intent IS NULL")
        assert (rest.questions, rest.is_out_of_scope, rest.negative) == (1, None, 0)


class TestFctIngestion:
    def test_measures_waiting_and_work(self, app: Engine, tenant: Organization, built: Turn) -> None:
        row = _one(app, tenant.id, "SELECT * FROM analytics.fct_ingestion")
        assert (row.outcome, row.attempts, row.passages, row.pages) == ("ready", 2, 1, 2)
        assert row.processing_s == 0.5
        assert row.waiting_s == pytest.approx(1.0, abs=0.5)


class TestDimDocuments:
    def test_shows_what_is_readable_now(self, app: Engine, tenant: Organization, studio: Studio, built: Turn) -> None:
        row = _one(app, tenant.id, "SELECT * FROM analytics.dim_documents")
        assert (row.document_id, row.current_document_version_id) == (studio.document_id, studio.document_version_id)
        assert (row.is_searchable, row.is_deleted, row.versions, row.passages) == (True, False, 1, 1)
        assert row.knowledge_base_name == "Handbook"


class TestProtectMart:
    @pytest.mark.parametrize("mart", MARTS)
    def test_another_organization_sees_nothing(
        self, app: Engine, owner: Engine, other_organization: Organization, built: Turn, mart: str
    ) -> None:
        with organization_session(app, other_organization.id) as session:
            foreign = session.scalar(
                text(f"SELECT count(*) FROM analytics.{mart} WHERE organization_id <> :own"),  # noqa: S608
                {"own": other_organization.id},
            )
        assert foreign == 0

    @pytest.mark.parametrize("mart", MARTS)
    def test_no_organization_is_an_error(self, app: Engine, built: Turn, mart: str) -> None:
        with app.connect() as connection, pytest.raises(DBAPIError, match=r"organization_id|uuid"):
            connection.execute(text(f"SELECT count(*) FROM analytics.{mart}")).all()  # noqa: S608

    @pytest.mark.parametrize("mart", MARTS)
    def test_the_application_cannot_write(self, app: Engine, tenant: Organization, built: Turn, mart: str) -> None:
        with pytest.raises(DBAPIError, match="permission denied"), organization_session(app, tenant.id) as session:
            session.execute(text(f"DELETE FROM analytics.{mart}"))  # noqa: S608

    def test_staging_and_intermediate_are_closed_to_the_application(
        self, app: Engine, tenant: Organization, built: Turn
    ) -> None:
        with pytest.raises(DBAPIError, match="permission denied"), organization_session(app, tenant.id) as session:
            session.execute(text("SELECT * FROM analytics_staging.stg_app__messages"))

    def test_every_table_of_the_schema_is_listed_here(self, owner: Engine, built: Turn) -> None:
        with owner_session(owner) as session:
            tables = session.scalars(
                text("SELECT tablename FROM pg_tables WHERE schemaname = 'analytics' ORDER BY tablename")
            ).all()
        assert tuple(tables) == MARTS


class TestIncremental:
    def test_equals_a_rebuild_after_late_changes_and_deletions(
        self, dbt: Dbt, owner: Engine, organization: Organization, built: Turn
    ) -> None:
        studio = make_studio(owner, organization.id)
        late, vanishing, unrated = open_turn(owner, studio), answered_turn(owner, studio), answered_turn(owner, studio)
        dbt("build", "--quiet")

        # The question was in the marts before anything was understood of it.
        close_turn(owner, studio, late, understood=understanding(is_out_of_scope=True, sentiment="neutral"))
        _backdate(owner, late)
        feedback = rate(owner, studio, unrated, -1)
        _rerate(owner, feedback, 1)
        early = answered_turn(owner, studio)
        _backdate(owner, early)
        _forget(owner, "conversations", vanishing.conversation_id)
        _forget(owner, "chunks", studio.chunk_id)
        dbt("build", "--quiet", "--exclude", "assert_completed_answers_have_whole_receipts")
        grown = _hashes(owner)

        dbt("run", "--quiet", "--full-refresh")
        assert _hashes(owner) == grown
        answers = _ids(owner, "fct_answers", "answer_id")
        assert {late.message_id, early.message_id} <= answers
        assert vanishing.message_id not in answers
        assert _answer(owner, late.message_id).answer_state == "complete"
        assert _answer(owner, late.message_id).is_out_of_scope
        assert _answer(owner, unrated.message_id).thumbs_up == 1
        _forget(owner, "organizations", organization.id)


class TestSourceFreshness:
    def test_runs_on_the_event_tables(self, dbt: Dbt, built: Turn) -> None:
        dbt("source", "freshness", "--quiet", "--select", "source:app.messages", "source:app.document_versions")


class TestWholeReceipts:
    def test_an_answer_without_a_receipt_fails_the_build(
        self, dbt: Dbt, owner: Engine, studio: Studio, built: Turn
    ) -> None:
        broken = answered_turn(owner, studio)
        with owner_session(owner) as session:
            session.execute(text("DELETE FROM receipts WHERE message_id = :id"), {"id": broken.message_id})
        try:
            with pytest.raises(AssertionError, match="assert_completed_answers_have_whole_receipts"):
                dbt("build", "--select", "+assert_completed_answers_have_whole_receipts")
        finally:
            _forget(owner, "conversations", broken.conversation_id)


def _hand_over(owner: Engine, turn: Turn) -> None:
    """A person takes over after half a minute, replies once and gives the conversation back after two minutes."""
    with owner_session(owner) as session:
        session.execute(
            text(
                "INSERT INTO handovers (id, organization_id, conversation_id, state, reason, created_at, first_assigned_at, "
                "resolved_at) SELECT gen_random_uuid(), organization_id, id, 'resolved', 'asked', now() - interval '120 s', "
                "now() - interval '90 s', now() FROM conversations WHERE id = :id"
            ),
            {"id": turn.conversation_id},
        )
        session.execute(
            text(
                "INSERT INTO messages (id, organization_id, conversation_id, parent_id, ordinal, role, author, state, content, "
                "created_at) SELECT gen_random_uuid(), organization_id, conversation_id, id, ordinal + 1, 'assistant', 'agent', "
                "'complete', 'A person says hello.', now() - interval '60 s' FROM messages WHERE id = :id"
            ),
            {"id": turn.message_id},
        )


def _backdate(owner: Engine, turn: Turn) -> None:
    """As a transaction that began long before the last build and commits after it."""
    with owner_session(owner) as session:
        session.execute(
            text(
                "UPDATE messages SET created_at = created_at - interval '90 days', "
                "completed_at = completed_at - interval '90 days' WHERE conversation_id = :id"
            ),
            {"id": turn.conversation_id},
        )
        session.execute(
            text("UPDATE receipts SET created_at = created_at - interval '90 days' WHERE conversation_id = :id"),
            {"id": turn.conversation_id},
        )


def _rerate(owner: Engine, feedback_id: uuid.UUID, rating: int) -> None:
    with owner_session(owner) as session:
        session.execute(text("UPDATE feedback SET rating = :r WHERE id = :id"), {"r": rating, "id": feedback_id})


def _forget(owner: Engine, table: str, row_id: uuid.UUID) -> None:
    with owner_session(owner) as session:
        session.execute(text(f"DELETE FROM {table} WHERE id = :id"), {"id": row_id})  # noqa: S608


def _hashes(owner: Engine) -> dict[str, str | None]:
    """One hash over all rows of each mart, whatever their order."""
    query = "SELECT md5(string_agg(md5(m::text), '' ORDER BY md5(m::text))) FROM analytics.{} m"
    with owner_session(owner) as session:
        return {mart: session.scalar(text(query.format(mart))) for mart in MARTS}


def _ids(owner: Engine, mart: str, key: str) -> set[uuid.UUID]:
    with owner_session(owner) as session:
        return set(session.scalars(text(f"SELECT {key} FROM analytics.{mart}")))  # noqa: S608


def _answer(owner: Engine, answer_id: uuid.UUID) -> AnyRow:
    with owner_session(owner) as session:
        return session.execute(
            text("SELECT * FROM analytics.fct_answers WHERE answer_id = :id"), {"id": answer_id}
        ).one()
