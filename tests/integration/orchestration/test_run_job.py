"""The main job on real stores: what it leaves behind, what stops it, and that Dagster's database is expendable."""

from typing import Any

import dagster as dg
import pytest
from sqlalchemy import create_engine, text

from orchestration.errors import RunFailedError
from orchestration.instance import dagster_home
from orchestration.run_job import RunSummary, run_ingest_and_evaluate
from storage.postgres.session import organization_session, owner_session
from storage.postgres.urls import DAGSTER_ROLE, database_urls, embedded_url
from storage.settings import StorageSettings
from storage.stores import open_stores
from tests.integration.orchestration.conftest import Place


def _run(place: Place) -> RunSummary:
    return run_ingest_and_evaluate(
        place.settings, organization_id=place.organization_id, knowledge_base="default", paths=[place.documents]
    )


@pytest.fixture(scope="module")
def summary(place: Place) -> RunSummary:
    """The first run."""
    return _run(place)


class TestRunIngestAndEvaluate:
    def test_reads_documents_and_says_which_it_could_not(self, summary: RunSummary) -> None:
        assert (summary.documents["files"], summary.documents["ready"]) == (3, 2)
        assert summary.documents["failed"] == {"empty": 1}

    def test_evaluates_and_reports(self, summary: RunSummary) -> None:
        assert summary.metrics["document_hit_at_5"] == 1.0
        assert 0.0 <= summary.metrics["refusal_recall"] <= 1.0
        assert [path.suffix for path in summary.reports] == [".html", ".html"]
        assert all(path.stat().st_size for path in summary.reports)

    def test_the_warehouse_holds_the_answers_of_the_same_run(self, place: Place, summary: RunSummary) -> None:
        stores = open_stores(place.settings)
        with organization_session(stores.app, place.organization_id) as session:
            scores = session.scalar(text("SELECT count(*) FROM analytics.fct_eval_scores"))
            answers = session.scalar(text("SELECT count(*) FROM analytics.fct_answers WHERE channel = 'eval'"))
        stores.close()
        assert (scores, answers) == (5, 2)

    def test_the_webserver_can_show_the_run(self, place: Place, summary: RunSummary) -> None:
        with dg.DagsterInstance.from_config(str(dagster_home(place.settings))) as instance:
            run = instance.get_run_by_id(summary.run_id)
            chunks = instance.get_latest_materialization_event(dg.AssetKey(["lance", "document_chunks"]))
        assert run is not None
        assert run.status is dg.DagsterRunStatus.SUCCESS
        assert run.job_name == "ingest_and_evaluate"
        assert _metadata(chunks)["index_drift_rows"] == 0

    def test_a_second_run_embeds_nothing_and_keeps_the_evaluation(self, place: Place, summary: RunSummary) -> None:
        before = _counts(place)
        again = _run(place)
        assert again.metrics == summary.metrics
        assert again.reports == summary.reports
        assert _counts(place) == before
        assert again.documents["embeddings_computed"] == 0
        assert again.documents["unchanged"] == 3


class TestBlockingChecks:
    def test_a_broken_passage_stops_everything_after_it(self, place: Place, summary: RunSummary) -> None:
        with owner_session(place.owner) as session:
            hashes = session.execute(text("SELECT id, text_hash FROM chunks LIMIT 1")).one()
            session.execute(text("UPDATE chunks SET char_end = char_start WHERE id = :id"), {"id": hashes.id})
        try:
            with pytest.raises(RunFailedError, match=r"check passages_are_whole of lance/document_chunks.*char_end"):
                _run(place)
            runs, builds = _counts(place)
        finally:
            with owner_session(place.owner) as session:
                session.execute(text("UPDATE chunks SET char_end = char_start + 10 WHERE id = :id"), {"id": hashes.id})
        assert _counts(place) == (runs, builds)
        with dg.DagsterInstance.from_config(str(dagster_home(place.settings))) as instance:
            newest = instance.get_runs(limit=1)[0]
            made = instance.all_logs(newest.run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION)
        keys = {
            event.dagster_event.asset_key.to_user_string()
            for event in made
            if event.dagster_event and event.dagster_event.asset_key
        }
        assert keys == {"postgres/documents", "lance/document_chunks"}

    def test_a_document_without_its_passages_stops_everything_after_it(self, place: Place, summary: RunSummary) -> None:
        change = text("UPDATE document_versions SET expected_count = expected_count + :by WHERE state = 'ready'")
        with owner_session(place.owner) as session:
            session.execute(change, {"by": 1})
        try:
            with pytest.raises(RunFailedError, match=r"readable_documents_are_whole of postgres/documents"):
                _run(place)
        finally:
            with owner_session(place.owner) as session:
                session.execute(change, {"by": -1})


class TestDagsterDatabase:
    def test_dropping_it_loses_nothing(self, place: Place, settings: StorageSettings, summary: RunSummary) -> None:
        before = _counts(place)
        name = database_urls(place.settings).dagster.database
        server = create_engine(embedded_url(settings, "postgres", "postgres"), isolation_level="AUTOCOMMIT")
        with server.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
            connection.execute(text(f"CREATE DATABASE {name} OWNER {DAGSTER_ROLE}"))
        server.dispose()
        again = _run(place)
        assert again.documents["embeddings_computed"] == 0
        assert again.metrics == summary.metrics
        assert _counts(place) == before


def _metadata(event: Any) -> dict[str, Any]:
    return {name: entry.value for name, entry in event.asset_materialization.metadata.items()}


def _counts(place: Place) -> tuple[int, int]:
    """Evaluation runs, and rows of the warehouse about them."""
    with owner_session(place.owner) as session:
        runs = session.scalar(text("SELECT count(*) FROM eval_runs")) or 0
        marts = session.scalar(text("SELECT count(DISTINCT eval_run_id) FROM analytics.fct_eval_scores")) or 0
    return runs, marts
