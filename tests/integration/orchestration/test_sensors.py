"""What starts a run by itself, and what does not."""

import json
import os
import uuid
from collections.abc import Iterator

import dagster as dg
import pytest
from sqlalchemy import text

from ingestion.intake import accept
from orchestration.resources.installation import Installation
from orchestration.schedules import nightly
from orchestration.sensors import uploads_sensor, warehouse_sensor, watched_folder_sensor
from storage.postgres.models.knowledge_base import KnowledgeBase
from storage.postgres.models.outbox_event import OutboxEvent
from storage.postgres.session import owner_session
from storage.stores import open_stores
from tests.factories.accounts import make_organization
from tests.factories.answers import answered_turn, make_studio
from tests.integration.orchestration.conftest import Place


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def _context(instance: dg.DagsterInstance, cursor: str | None = None) -> dg.SensorEvaluationContext:
    return dg.build_sensor_context(instance=instance, cursor=cursor, resources={"installation": Installation()})


def _running(instance: dg.DagsterInstance, job_name: str) -> None:
    @dg.op
    def nothing() -> None: ...

    @dg.job(name=job_name)
    def job() -> None:
        nothing()

    instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED)


class TestUploadsSensor:
    @pytest.fixture
    def upload(self, place: Place) -> Iterator[None]:
        """An upload that nobody works on."""
        stores = open_stores(place.settings)
        with owner_session(place.owner) as session:
            base = session.query(KnowledgeBase.id).filter_by(organization_id=place.organization_id).scalar()
        accept(
            stores, organization_id=place.organization_id, knowledge_base_id=base,
            source_uri=f"upload:{uuid.uuid4()}", name="note.md", data=b"# Note\n\nText.",
        )  # fmt: skip
        stores.close()
        yield
        with owner_session(place.owner) as session:
            session.execute(text("DELETE FROM jobs"))

    def test_a_fresh_upload_is_left_to_the_worker(
        self, place: Place, instance: dg.DagsterInstance, upload: None
    ) -> None:
        assert isinstance(uploads_sensor(_context(instance)), dg.SkipReason)

    def test_an_upload_that_waits_starts_a_run(self, place: Place, instance: dg.DagsterInstance, upload: None) -> None:
        _age_jobs(place)
        request = uploads_sensor(_context(instance))
        assert isinstance(request, dg.RunRequest)
        assert (request.run_key or "").startswith("upload-")

    def test_a_live_lease_is_respected_and_a_dead_one_is_not(
        self, place: Place, instance: dg.DagsterInstance, upload: None
    ) -> None:
        _age_jobs(place)
        lease = "UPDATE jobs SET state = 'leased', lease_until = now() + make_interval(secs => :seconds)"
        with owner_session(place.owner) as session:
            session.execute(text(lease), {"seconds": 30})
        assert isinstance(uploads_sensor(_context(instance)), dg.SkipReason)
        with owner_session(place.owner) as session:
            session.execute(text(lease), {"seconds": -11})
        assert isinstance(uploads_sensor(_context(instance)), dg.RunRequest)

    def test_one_run_at_a_time(self, place: Place, instance: dg.DagsterInstance, upload: None) -> None:
        _age_jobs(place)
        _running(instance, "ingest")
        assert isinstance(uploads_sensor(_context(instance)), dg.SkipReason)


class TestWatchedFolderSensor:
    def test_new_changed_and_returned_files_each_start_one_run(
        self, place: Place, instance: dg.DagsterInstance
    ) -> None:
        inbox = place.settings.home_path / "inbox"
        assert isinstance(watched_folder_sensor(_context(instance)), dg.SkipReason)
        inbox.mkdir(parents=True)
        _put(inbox / "a.md", "one", when=1000)
        first = watched_folder_sensor(_context(instance))
        assert isinstance(first, dg.SensorResult)
        config = (first.run_requests or [])[0].run_config
        assert config["ops"]["postgres__documents"]["config"]["paths"] == [str(inbox)]
        assert isinstance(watched_folder_sensor(_context(instance, first.cursor)), dg.SkipReason)

        _put(inbox / "a.md", "two!", when=2000)
        second = watched_folder_sensor(_context(instance, first.cursor))
        _put(inbox / "a.md", "one", when=1000)
        third = watched_folder_sensor(_context(instance, second.cursor))  # type: ignore[union-attr]
        keys = [(result.run_requests or [])[0].run_key for result in (first, second, third)]  # type: ignore[union-attr]
        assert len(set(keys)) == 3
        assert json.loads(third.cursor or "")["digest"] == json.loads(first.cursor or "")["digest"]  # type: ignore[union-attr]

    def test_its_configuration_fits_the_job(self, place: Place, instance: dg.DagsterInstance) -> None:
        from orchestration.definitions import defs

        inbox = place.settings.home_path / "inbox"
        inbox.mkdir(parents=True, exist_ok=True)
        _put(inbox / "b.md", "x", when=3000)
        result = watched_folder_sensor(_context(instance))
        assert isinstance(result, dg.SensorResult)
        config = (result.run_requests or [])[0].run_config
        assert dg.validate_run_config(defs.resolve_job_def("ingest"), config)


class TestWarehouseSensor:
    @pytest.fixture(autouse=True)
    def _counted(self, place: Place) -> None:
        _flush_statistics(place)

    def test_first_look_refreshes_and_the_second_rests(self, place: Place, instance: dg.DagsterInstance) -> None:
        first = warehouse_sensor(_context(instance))
        assert isinstance(first, dg.SensorResult)
        assert len(first.run_requests or []) == 1
        assert isinstance(warehouse_sensor(_context(instance, _settled(first))), dg.SkipReason)

    def test_an_answer_asks_for_a_refresh(self, place: Place, instance: dg.DagsterInstance) -> None:
        rested = _settled(warehouse_sensor(_context(instance)))
        organization = make_organization(place.owner, name="Asked")
        answered_turn(place.owner, make_studio(place.owner, organization.id))
        _flush_statistics(place)
        assert isinstance(warehouse_sensor(_context(instance, rested)), dg.SensorResult)

    def test_finished_documents_ask_for_a_refresh_and_are_marked_delivered(
        self, place: Place, instance: dg.DagsterInstance
    ) -> None:
        rested = _settled(warehouse_sensor(_context(instance)))
        topics = ("document.ready", "document.failed", "document.staged", "vector.delete")
        events = [
            OutboxEvent(organization_id=place.organization_id, topic=topic, subject_id=uuid.uuid4()) for topic in topics
        ]
        with owner_session(place.owner) as session:
            session.add_all(events)
        assert isinstance(warehouse_sensor(_context(instance, rested)), dg.SensorResult)
        with owner_session(place.owner) as session:
            states = [session.get_one(OutboxEvent, event.id).state for event in events]
        assert states == ["delivered", "delivered", "delivered", "pending"]

    def test_waits_for_a_run_in_progress(self, place: Place, instance: dg.DagsterInstance) -> None:
        _running(instance, "refresh_warehouse")
        assert isinstance(warehouse_sensor(_context(instance)), dg.SkipReason)


class TestNightly:
    def test_takes_the_watched_folder_in(self, place: Place) -> None:
        from orchestration.definitions import defs

        request = nightly(dg.build_schedule_context(resources={"installation": Installation()}))
        assert isinstance(request, dg.RunRequest)
        assert dg.validate_run_config(defs.resolve_job_def("ingest_and_evaluate"), request.run_config)


def _age_jobs(place: Place) -> None:
    with owner_session(place.owner) as session:
        session.execute(text("UPDATE jobs SET run_after = now() - interval '11 seconds'"))


def _put(path: "os.PathLike[str]", content: str, *, when: int) -> None:
    with open(path, "w") as handle:
        handle.write(content)
    os.utime(path, (when, when))


def _flush_statistics(place: Place) -> None:
    """Postgres counts a transaction's changes within a second of its end; this session asks for them now."""
    with owner_session(place.owner) as session:
        session.execute(text("SELECT pg_stat_force_next_flush()"))


def _settled(result: object) -> str:
    """The cursor after which nothing is new."""
    assert isinstance(result, dg.SensorResult)
    return result.cursor or ""
