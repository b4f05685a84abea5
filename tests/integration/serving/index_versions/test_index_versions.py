"""Index versions over the API: build, gates, promote, go back; what each role may do; what is refused and how."""

import shutil
import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from anyio import to_thread
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from evals.gates.run import run_next_gates
from ingestion.embedding.settings import embedding_settings
from ingestion.index_builds.jobs import run_next_build
from ingestion.leases import worker_name
from ingestion.worker import run_until_idle
from serving.client.api_client import ApiClient
from serving.client.errors import ClientError
from serving.retrieval.prewarm import prewarm
from storage.postgres.models.audit_event import AuditEvent
from storage.postgres.models.member import Role
from storage.postgres.session import organization_session
from storage.settings import StorageSettings
from storage.stores import Stores
from tests.factories.embedding_models import damage, make_tiny_model
from tests.factories.knowledge import FAST
from tests.integration.conftest import Tenant, ask, upload

URL = "/api/v1/index-versions"
QUESTION = "How long is the warranty of the K5 grinder?"


@pytest.fixture(scope="module")
def tiny(settings: StorageSettings) -> Iterator[str]:
    """The name of a model among the further models of the installation."""
    folder = embedding_settings().models_path(settings)
    folder.mkdir(parents=True, exist_ok=True)
    make_tiny_model(folder / "tiny")
    yield "tiny"
    shutil.rmtree(folder)


def work(stores: Stores) -> None:
    """What the worker does with builds and gates that were asked for."""
    while run_next_build(stores, worker_name(), settings=FAST) or run_next_gates(stores, worker_name(), settings=FAST):
        pass


def built(tenant: Tenant, stores: Stores, **changes: Any) -> dict[str, Any]:
    """A candidate with its gates, as the API shows it."""
    asked = tenant.owner.post(URL, json=changes)
    assert asked.status_code == 202, asked.text
    work(stores)
    shown: dict[str, Any] = tenant.owner.get(f"{URL}/{asked.json()['id']}").json()
    return shown


class TestBuild:
    def test_a_request_becomes_a_candidate_with_gates(self, informed: Tenant, stores: Stores) -> None:
        estimate = informed.owner.post(f"{URL}/estimate", json={"chunk_tokens": 60}).json()
        assert (estimate["documents"], estimate["documents_to_read"], estimate["cost_usd"]) == (1, 1, 0.0)

        shown = built(informed, stores, chunk_tokens=60)

        assert (shown["status"], shown["chunker"], shown["error"]) == ("candidate", "headings-60-30", None)
        assert shown["progress"]["documents_done"] == 1
        assert {result["name"]: result["passed"] for result in shown["gates"]["results"]} == {
            "row_reconciliation": True, "freshness": True, "leak_canaries": True, "latency": True,
            "retrieval_quality": True,
        }  # fmt: skip
        assert informed.owner.get(f"{URL}/{shown['id']}/gates").json() == shown["gates"]
        assert [row["number"] for row in informed.viewer.get(URL).json()] == [2, 1]

    def test_a_path_is_no_name_of_a_model(self, informed: Tenant) -> None:
        assert informed.owner.post(URL, json={"model": "/etc"}).status_code == 422
        unknown = informed.owner.post(URL, json={"model": "nowhere"})
        assert (unknown.status_code, unknown.json()["type"]) == (400, "/problems/build-request")

    def test_a_reader_may_look_and_not_build(self, informed: Tenant) -> None:
        index_id = informed.viewer.get(URL).json()[0]["id"]
        for role in (Role.VIEWER, Role.AGENT, Role.ANALYST):
            sender = informed.clients[role]
            assert sender.get(f"{URL}/{index_id}").status_code == 200
            for path in (
                "",
                "/estimate",
                "/rollback",
                f"/{index_id}/promote",
                f"/{index_id}/gates",
                f"/{index_id}/build",
            ):
                assert sender.post(URL + path, json={}).status_code == 403, path
            assert sender.delete(f"{URL}/{index_id}").status_code == 403

    def test_asking_twice_for_gates_asks_once(self, informed: Tenant, stores: Stores) -> None:
        index_id = built(informed, stores)["id"]
        jobs = [informed.clients[Role.BUILDER].post(f"{URL}/{index_id}/gates").json()["job_id"] for _ in range(2)]
        assert jobs[0] == jobs[1]
        work(stores)
        assert informed.owner.post(f"{URL}/{index_id}/build").status_code == 409


class TestPromote:
    def test_without_gates_it_is_a_409_that_names_them(self, informed: Tenant, stores: Stores) -> None:
        asked = informed.owner.post(URL, json={}).json()
        assert informed.owner.post(f"{URL}/{asked['id']}/promote").status_code == 409
        run_next_build(stores, worker_name(), settings=FAST)

        refused = informed.owner.post(f"{URL}/{asked['id']}/promote")

        assert (refused.status_code, refused.json()["type"]) == (409, "/problems/gates-not-passed")
        assert "row_reconciliation" in refused.json()["gates"]
        assert informed.owner.get(f"{URL}/{asked['id']}/gates").status_code == 409
        work(stores)

    def test_there_and_back_with_the_audit_of_both(self, informed: Tenant, stores: Stores) -> None:
        index_id = built(informed, stores, chunk_tokens=60)["id"]
        builder = informed.clients[Role.BUILDER]

        there = builder.post(f"{URL}/{index_id}/promote")
        assert (there.status_code, there.json()["live_number"]) == (200, 2)
        assert there.json()["lock_seconds"] < 5
        back = builder.post(f"{URL}/rollback")
        assert (back.status_code, back.json()["live_number"]) == (200, 1)
        assert builder.post(f"{URL}/rollback").status_code == 409
        assert builder.delete(f"{URL}/{index_id}").status_code == 204
        assert builder.delete(f"{URL}/{uuid.uuid4()}").status_code == 404

        with organization_session(stores.app, informed.organization.id) as session:
            events = session.scalars(
                select(AuditEvent).where(AuditEvent.action.like("index.%")).order_by(AuditEvent.id)
            )
            told = [(event.action, event.api_key_id is not None) for event in events]
        assert told == [
            ("index.build_requested", True), ("index.promoted", True), ("index.rolled_back", True), ("index.dropped", True),
        ]  # fmt: skip

    def test_questions_go_on_while_the_pointer_moves(self, informed: Tenant, stores: Stores, tiny: str) -> None:
        index_id = built(informed, stores, model=tiny)["id"]
        stop = threading.Event()

        def keep_asking() -> list[bool]:
            answers = []
            while not stop.is_set():
                answers.append("60 months" in str(ask(informed, QUESTION)["content"]))
            return answers

        with ThreadPoolExecutor(3) as pool:
            asking = [pool.submit(keep_asking) for _ in range(3)]
            try:
                for number in range(4):
                    path = f"{URL}/{index_id}/promote" if number % 2 == 0 else f"{URL}/rollback"
                    flipped = informed.owner.post(path)
                    assert flipped.status_code == 200, flipped.text
                    if number == 1:
                        upload(informed, "late.md", b"# Opening\n\nThe shop opens at nine in the morning.")
                        run_until_idle(stores, organization_id=informed.organization.id)
            finally:
                stop.set()
            answers = [answer for one in asking for answer in one.result(60)]
        assert len(answers) >= 6
        assert all(answers)

    def test_a_live_model_that_is_gone_refuses_the_question_and_says_what_to_do(
        self, informed: Tenant, stores: Stores, settings: StorageSettings
    ) -> None:
        folder = make_tiny_model(embedding_settings().models_path(settings) / "leaving", seed=9)
        index_id = built(informed, stores, model="leaving")["id"]
        assert informed.owner.post(f"{URL}/{index_id}/promote").status_code == 200
        damage(folder)

        conversation = informed.owner.post("/api/v1/conversations", json={"chatbot_id": informed.chatbot_id}).json()[
            "id"
        ]
        refused = informed.owner.post(f"/api/v1/conversations/{conversation}/messages", json={"content": QUESTION})
        assert refused.status_code == 409, refused.text
        assert "was built with `leaving@" in refused.json()["detail"]
        shutil.rmtree(folder)
        refused = informed.owner.post(f"/api/v1/conversations/{conversation}/messages", json={"content": QUESTION})
        assert (refused.status_code, refused.json()["type"]) == (503, "/problems/embedding-model-unavailable")
        assert "Copy the model there" in refused.json()["detail"]
        assert informed.owner.post(f"{URL}/rollback").status_code == 200
        assert "60 months" in str(ask(informed, QUESTION)["content"])


class TestPrewarm:
    async def test_models_of_every_organization_are_loaded_once(
        self, informed: Tenant, stores: Stores, tiny: str, async_app: AsyncEngine
    ) -> None:
        shown = await to_thread.run_sync(lambda: built(informed, stores, model=tiny))
        known = await prewarm(async_app, set())
        assert shown["embedding_model"] in known
        assert await prewarm(async_app, known) == known


class TestClient:
    def test_does_what_a_page_needs(self, informed: Tenant, stores: Stores, api_url: str) -> None:
        with ApiClient(api_url, token=informed.keys[Role.OWNER]) as client:
            assert client.estimate_index(chunk_tokens=60).documents == 1
            index = client.build_index(chunk_tokens=60)
            work(stores)
            assert client.run_index_gates(index.id).state == "queued"
            work(stores)
            assert client.index_gates(index.id).not_passed == ()
            assert client.promote_index(index.id).live_number == index.number
            assert client.roll_back_index().live_number == 1
            assert [one.number for one in client.index_versions()] == [2, 1]
            with pytest.raises(ClientError) as refused:
                client.roll_back_index()
            assert (refused.value.status, refused.value.slug) == (409, "index-version-conflict")
