"""Streams over HTTP: ids, reading again, stopping, and answers that nobody finished."""

import re
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest
from sqlalchemy import Engine, update
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from benchmarks.serving.upstreams.faults import Behaviour
from benchmarks.serving.upstreams.server import Upstream
from serving.conversations.streams.admission import AdmissionLimits
from serving.conversations.streams.early import EarlyRefusalMiddleware
from serving.conversations.streams.hub import StreamHub
from storage.postgres.models.member import Role
from storage.postgres.models.message import Message, MessageState
from storage.postgres.session import organization_session
from storage.settings import StorageSettings
from tests.integration.conftest import MakeTenant, Tenant, ask, client, running_api, start_conversation
from tests.integration.serving.conversations.test_answering import events
from tests.integration.serving.models.conftest import add_model, connect, route, vllm

__all__ = ["vllm"]

QUESTION = "How long is the warranty of the K5 grinder?"


def stream(tenant: Tenant) -> httpx2.Response:
    conversation = start_conversation(tenant)
    return tenant.owner.post(
        f"/api/v1/conversations/{conversation}/messages", json={"content": QUESTION, "stream": True}
    )


def ids(response: httpx2.Response) -> list[str]:
    return re.findall(r"^id: (.+)$", response.text, re.MULTILINE)


def set_message(app: Engine, tenant: Tenant, message_id: str, **values: Any) -> None:
    with organization_session(app, tenant.organization.id) as session:
        session.execute(update(Message).where(Message.id == uuid.UUID(message_id)).values(**values))


@pytest.fixture
def interrupted(informed: Tenant, app: Engine) -> str:
    """An answer that another process had begun and left."""
    message_id: str = ask(informed, QUESTION)["message_id"]
    fresh = uuid.uuid4()
    with organization_session(app, informed.organization.id) as session:
        done = session.get_one(Message, uuid.UUID(message_id))
        session.add(
            Message(
                id=fresh, organization_id=done.organization_id, conversation_id=done.conversation_id,
                parent_id=done.parent_id, ordinal=done.ordinal + 1, role=done.role, state=MessageState.INTERRUPTED,
                content="Half of a", error_type="Restarted", completed_at=datetime.now(UTC),
            )
        )  # fmt: skip
    return str(fresh)


class TestReadAgain:
    def test_the_rest_after_any_event_completes_what_was_seen(self, informed: Tenant) -> None:
        whole = stream(informed)
        found = events(whole)
        url = found[0][1]["stream_url"]
        numbered = ids(whole)
        numbers = [int(one.removeprefix("0.")) for one in numbered]
        assert numbers == sorted(set(numbers))  # text that came meanwhile is one event, with the number of its last
        text = found[-1][1]["content"]
        for seen in range(len(found)):
            header = {"Last-Event-ID": numbered[seen - 1]} if seen else {}
            rest = events(informed.owner.get(url, headers=header))
            said = "".join(data["text"] for name, data in (*found[:seen], *rest) if name == "answer.delta")
            assert said == text
            if seen < len(found):
                assert rest[-1] == found[-1]

    def test_an_id_of_something_else_starts_from_the_beginning(self, informed: Tenant) -> None:
        url = events(stream(informed))[0][1]["stream_url"]
        for strange in ("7.3", "x", "1", "-1.-1", "0." + "9" * 40):
            again = events(informed.owner.get(url, headers={"Last-Event-ID": strange}))
            assert again[0][0] == "answer.started"

    def test_nobody_else_reads_it(self, informed: Tenant, make_tenant: MakeTenant) -> None:
        url = events(stream(informed))[0][1]["stream_url"]
        unknown = f"/api/v1/messages/{uuid.uuid4()}/stream"
        for stranger in (make_tenant().owner, informed.viewer):
            assert stranger.get(url).status_code == 404
            assert stranger.get(url).json() == stranger.get(unknown).json()
        assert informed.clients[Role.ANALYST].get(url).status_code == 200


class TestBeginAgain:
    def test_an_interrupted_answer_is_begun_again_and_says_so(self, informed: Tenant, interrupted: str) -> None:
        response = informed.owner.get(f"/api/v1/messages/{interrupted}/stream", headers={"Last-Event-ID": "0.3"})
        found = events(response)
        assert [name for name, _ in found[:2]] == ["answer.started", "answer.reset"]
        assert found[-1][0] == "answer.completed"
        assert "60 months" in found[-1][1]["content"]
        assert "Half of a" not in found[-1][1]["content"]
        assert ids(response)[0] == "1.1"
        assert informed.owner.get(found[-1][1]["receipt_url"]).status_code == 200

    def test_one_that_lost_its_process_is_too(self, informed: Tenant, interrupted: str, app: Engine) -> None:
        lost = datetime.now(UTC) - timedelta(seconds=1)
        set_message(app, informed, interrupted, state="streaming", leased_until=lost, completed_at=None)
        found = events(informed.owner.get(f"/api/v1/messages/{interrupted}/stream"))
        assert found[-1][0] == "answer.completed"

    def test_one_that_another_process_writes_is_left_alone(
        self, informed: Tenant, interrupted: str, app: Engine
    ) -> None:
        soon = datetime.now(UTC) + timedelta(seconds=15)
        set_message(app, informed, interrupted, state="streaming", leased_until=soon, completed_at=None)
        response = informed.owner.get(f"/api/v1/messages/{interrupted}/stream")
        assert response.status_code == 409
        assert response.headers["Retry-After"] == "5"

    @pytest.mark.parametrize(
        "values",
        [
            {"completed_at": datetime.now(UTC) - timedelta(minutes=11)},
            {"state": "failed"},
            {"state": "cancelled"},
        ],
    )
    def test_what_is_over_is_gone(
        self, informed: Tenant, interrupted: str, app: Engine, values: dict[str, Any]
    ) -> None:
        set_message(app, informed, interrupted, **values)
        response = informed.owner.get(f"/api/v1/messages/{interrupted}/stream")
        assert response.status_code == 410
        assert response.json()["type"] == "/problems/resume-expired"

    def test_one_whose_conversation_a_person_has_is_not(self, informed: Tenant, interrupted: str, app: Engine) -> None:
        with organization_session(app, informed.organization.id) as session:
            conversation = session.get_one(Message, uuid.UUID(interrupted)).conversation_id
        assert informed.owner.post(f"/api/v1/conversations/{conversation}/handover", json={}).status_code == 201
        response = informed.owner.get(f"/api/v1/messages/{interrupted}/stream")
        assert (response.status_code, response.json()["type"]) == (409, "/problems/handed-over")

    def test_a_question_has_no_stream(self, informed: Tenant) -> None:
        question = ask(informed, QUESTION)["question_id"]
        assert informed.owner.get(f"/api/v1/messages/{question}/stream").status_code == 404


class TestToldAgain:
    def test_what_was_finished_elsewhere_is_told_from_its_beginning(
        self, informed: Tenant, settings: StorageSettings
    ) -> None:
        done = ask(informed, QUESTION)
        with running_api(settings) as other, client(other, informed.keys[Role.OWNER]) as owner:
            url = f"/api/v1/messages/{done['message_id']}/stream"
            response = owner.get(url, headers={"Last-Event-ID": "0.99"})
            found = events(response)
            late = owner.get(url, headers={"Last-Event-ID": ids(response)[-1]})
            with client(other, informed.keys[Role.VIEWER]) as stranger:
                assert stranger.get(url).status_code == 404
        assert [name for name, _ in found[:2]] == ["answer.started", "answer.reset"]
        told = found[-1][1]
        assert (found[-1][0], told["content"]) == ("answer.completed", done["content"])
        assert [(c["number"], c["chunk_id"], c["quotes"], c["heading_path"]) for c in told["citations"]] == [
            (c["number"], c["chunk_id"], c["quotes"], c["heading_path"]) for c in done["citations"]
        ]
        assert told["receipt_url"] == done["receipt_url"]
        assert [round(c["score"], 4) for c in told["citations"]] == [round(c["score"], 4) for c in done["citations"]]
        assert (late.status_code, late.text) == (200, "")

    def test_a_refusal_names_the_closest_passages_again(self, informed: Tenant, settings: StorageSettings) -> None:
        done = ask(informed, "Who won the football match yesterday evening?")
        assert done["is_refused"]
        with running_api(settings) as other, client(other, informed.keys[Role.OWNER]) as owner:
            told = events(owner.get(f"/api/v1/messages/{done['message_id']}/stream"))[-1][1]
        assert [one["chunk_id"] for one in told["related"]] == [one["chunk_id"] for one in done["related"]]
        assert told["suggestions"] == done["suggestions"]
        assert told["is_refused"]


class TestTwoGenerations:
    def test_an_answer_that_another_process_has_begun_again_is_not_overwritten(
        self, informed: Tenant, vllm: Upstream, app: Engine
    ) -> None:
        vllm.behave(Behaviour(words=("Sixty ", "months", " [1].", *["."] * 20), interval_s=0.1))
        route(informed, add_model(informed, connect(informed, vllm)))
        conversation = start_conversation(informed)
        path = f"/api/v1/conversations/{conversation}/messages"
        with informed.owner.stream("POST", path, json={"content": QUESTION, "stream": True}) as response:
            text = ""
            for piece in response.iter_text():
                if not text:
                    message_id = re.search(r'"message_id":"([^"]+)"', piece)
                    assert message_id is not None
                    set_message(app, informed, message_id[1], generation=7, content="written elsewhere")
                text += piece
        assert "/problems/answer-elsewhere" in text
        row = informed.owner.get(path).json()[-1]
        assert (row["state"], row["content"]) == ("streaming", "written elsewhere")
        assert informed.owner.get(f"/api/v1/messages/{row['id']}/receipt").status_code == 404


class TestHandedOver:
    def test_the_bot_is_silent_while_a_person_answers(self, informed: Tenant) -> None:
        answer = ask(informed, QUESTION)
        asked = informed.owner.post(f"/api/v1/conversations/{answer['conversation_id']}/handover", json={})
        assert asked.status_code == 201
        again = informed.owner.post(f"/api/v1/messages/{answer['message_id']}/retry", json={})
        assert (again.status_code, again.json()["type"]) == (409, "/problems/handed-over")


class TestStop:
    def test_what_has_ended_stays_as_it_is(self, informed: Tenant) -> None:
        answer = ask(informed, QUESTION)
        assert informed.owner.post(f"/api/v1/messages/{answer['message_id']}/stop").status_code == 204
        turns = informed.owner.get(f"/api/v1/conversations/{answer['conversation_id']}/messages").json()
        assert turns[-1]["state"] == "complete"

    def test_nobody_else_stops_it(self, informed: Tenant, make_tenant: MakeTenant) -> None:
        answer = ask(informed, QUESTION)
        assert make_tenant().owner.post(f"/api/v1/messages/{answer['message_id']}/stop").status_code == 404


class TestEarlyRefusal:
    async def test_a_full_service_says_so_before_it_reads_anything(self) -> None:
        limits = AdmissionLimits(running=1, running_per_organization=1, waiting_per_organization=0, wait_s=0.1)
        streams = StreamHub(limits)
        await streams.admission.enter(uuid.uuid4())
        seen: list[str] = []

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            seen.append(scope["path"])
            await Response("ok")(scope, receive, send)

        guarded = EarlyRefusalMiddleware(app, streams=lambda: streams)
        async with httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=guarded), base_url="http://127.0.0.1"
        ) as client:
            for path in ("/v1/chat/completions", f"/api/v1/conversations/{uuid.uuid4()}/messages"):
                refused = await client.post(path, content=b"{")
                assert refused.status_code == 503
                assert int(refused.headers["Retry-After"]) >= 1
            assert (await client.get("/v1/models")).status_code == 200
        assert seen == ["/v1/models"]
        assert streams.refusals.lately(None, 5) == {"overloaded": 2}
