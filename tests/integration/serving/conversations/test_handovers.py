"""Hand-over to a person, over HTTP."""

from typing import Any

import pytest
from sqlalchemy import Engine, select

from storage.postgres.models.audit_event import AuditEvent
from storage.postgres.models.member import Role
from storage.postgres.session import owner_session
from tests.integration.conftest import Tenant, start_conversation
from tests.integration.serving.conversations.talking import configure, say, turns

WISH = "I would like to talk to a human, please."


@pytest.fixture
def conversation(informed: Tenant) -> str:
    return start_conversation(informed, role=Role.VIEWER)


def act(tenant: Tenant, handover_id: str, what: str, *, role: Role = Role.AGENT, **body: Any) -> Any:
    return tenant.clients[role].post(f"/api/v1/handovers/{handover_id}/{what}", json=body or None)


class TestAsking:
    def test_the_bot_is_silent_and_the_asker_is_told(self, informed: Tenant, conversation: str) -> None:
        told = say(informed, conversation, WISH)
        assert (told["handover"]["state"], told["handover"]["reason"]) == ("requested", "asked")
        assert (told["receipt_url"], told["citations"]) == (None, [])
        again = say(informed, conversation, "How long is the warranty of the K2 grinder?")
        assert again["handover"]["id"] == told["handover"]["id"]
        assert [turn["author"] for turn in turns(informed, conversation)] == ["user", "user"]

    def test_it_is_told_in_a_stream_as_well(self, informed: Tenant, conversation: str) -> None:
        path = f"/api/v1/conversations/{conversation}/messages"
        with informed.viewer.stream("POST", path, json={"content": WISH, "stream": True}) as stream:
            assert '"state": "requested"' in stream.read().decode().replace('":"', '": "')

    def test_a_bot_can_leave_it_be(self, informed: Tenant, conversation: str) -> None:
        configure(informed, handover={"on_request": False})
        assert say(informed, conversation, WISH)["handover"] is None

    def test_the_bot_gives_up_after_refusals(self, informed: Tenant, conversation: str) -> None:
        configure(informed, handover={"after_refusals": 2})
        first = say(informed, conversation, "Who composed the opera Fidelio?")
        assert (first["is_refused"], first["handover"]) == (True, None)
        second = say(informed, conversation, "Which river flows through Vienna and Budapest?")
        assert second["is_refused"]
        assert second["handover"]["reason"] == "refusals"

    def test_the_button_asks_once(self, informed: Tenant, conversation: str) -> None:
        path = f"/api/v1/conversations/{conversation}/handover"
        first, again = (informed.viewer.post(path, json={"note": "urgent"}) for _ in range(2))
        assert (first.status_code, again.json()["id"]) == (201, first.json()["id"])


class TestState:
    def test_the_conversation_says_how_far_it_is(self, informed: Tenant, conversation: str) -> None:
        def state() -> Any:
            return informed.viewer.get(f"/api/v1/conversations/{conversation}").json()["handover"]

        assert state() is None
        handover = say(informed, conversation, WISH)["handover"]["id"]
        assert state() == "requested"
        act(informed, handover, "take")
        assert state() == "assigned"
        assert [one["handover"] for one in informed.viewer.get("/api/v1/conversations").json()] == ["assigned"]
        act(informed, handover, "resolve")
        assert state() is None

    def test_the_queue_says_how_long_it_is(self, informed: Tenant) -> None:
        def counts(role: Role) -> Any:
            return informed.clients[role].get("/api/v1/handovers/counts").json()

        assert counts(Role.AGENT) == {"requested": 0, "assigned": 0, "mine": 0}
        first, *_ = [
            say(informed, start_conversation(informed, role=Role.VIEWER), WISH)["handover"]["id"] for _ in range(3)
        ]
        act(informed, first, "take")
        assert counts(Role.AGENT) == {"requested": 2, "assigned": 1, "mine": 1}
        assert counts(Role.ANALYST) == {"requested": 2, "assigned": 1, "mine": 0}
        act(informed, first, "resolve")
        assert counts(Role.AGENT) == {"requested": 2, "assigned": 0, "mine": 0}


class TestAnswering:
    def test_from_the_queue_to_the_bot_again(self, informed: Tenant, conversation: str, owner: Engine) -> None:
        handover = say(informed, conversation, WISH)["handover"]["id"]
        (queued,) = informed.clients[Role.AGENT].get("/api/v1/handovers").json()
        assert (queued["id"], queued["state"], queued["is_mine"]) == (handover, "requested", False)
        taken = act(informed, handover, "take").json()
        assert (taken["state"], taken["is_mine"]) == ("assigned", True)
        assert taken["waited_s"] >= 0
        said = act(informed, handover, "replies", content="Hello, I am Grace.").json()
        assert (said["author"], said["role"]) == ("agent", "assistant")
        assert turns(informed, conversation)[-1]["content"] == "Hello, I am Grace."
        assert act(informed, handover, "resolve").json()["state"] == "resolved"
        assert say(informed, conversation, "How long is the warranty of the K2 grinder?")["handover"] is None
        with owner_session(owner) as session:
            actions = set(
                session.scalars(select(AuditEvent.action).where(AuditEvent.organization_id == informed.organization.id))
            )
        assert {"handover.requested", "handover.assigned", "handover.replied", "handover.resolved"} <= actions

    def test_another_agent_keeps_out_until_it_is_released(self, informed: Tenant, conversation: str) -> None:
        handover = say(informed, conversation, WISH)["handover"]["id"]
        act(informed, handover, "take")
        for what, body in (("take", {}), ("replies", {"content": "x"}), ("resolve", {})):
            refused = act(informed, handover, what, role=Role.ANALYST, **body)
            assert (refused.status_code, refused.json()["type"]) == (409, "/problems/handover-taken")
        assert act(informed, handover, "release").json()["state"] == "requested"
        assert act(informed, handover, "take", role=Role.ANALYST).json()["is_mine"]
        assert act(informed, handover, "resolve", role=Role.OWNER).status_code == 200

    def test_what_is_resolved_is_over(self, informed: Tenant, conversation: str) -> None:
        handover = say(informed, conversation, WISH)["handover"]["id"]
        act(informed, handover, "resolve")
        refused = act(informed, handover, "replies", content="x")
        assert (refused.status_code, refused.json()["type"]) == (409, "/problems/handover-resolved")

    def test_a_viewer_answers_nobody(self, informed: Tenant, conversation: str) -> None:
        handover = say(informed, conversation, WISH)["handover"]["id"]
        assert act(informed, handover, "take", role=Role.VIEWER).status_code == 403
