"""Feedback over HTTP."""

import uuid

import pytest

from storage.postgres.models.member import Role
from tests.integration.conftest import Tenant, ask


class TestRate:
    def test_each_asker_has_one_thumb(self, informed: Tenant) -> None:
        answer = ask(informed, "How long is the warranty of the K5 grinder?")
        path = f"/api/v1/messages/{answer['message_id']}/feedback"
        first = informed.owner.put(path, json={"rating": 1}).json()
        second = informed.owner.put(path, json={"rating": -1, "comment": "Wrong model"}).json()
        informed.clients[Role.AGENT].put(path, json={"rating": 1})
        listed = informed.owner.get("/api/v1/feedback").json()
        assert first["id"] == second["id"]
        assert sorted(f["rating"] for f in listed) == [-1, 1]
        assert [f["comment"] for f in informed.owner.get("/api/v1/feedback", params={"rating": -1}).json()] == [
            "Wrong model"
        ]
        turns = informed.owner.get(f"/api/v1/conversations/{answer['conversation_id']}/messages").json()
        assert [turn["rating"] for turn in turns] == [None, -1]

    def test_a_question_is_not_rated(self, informed: Tenant) -> None:
        answer = ask(informed, "How long is the warranty of the K5 grinder?")
        response = informed.owner.put(f"/api/v1/messages/{answer['question_id']}/feedback", json={"rating": 1})
        assert (response.status_code, response.json()["type"]) == (400, "/problems/not-an-answer")

    def test_an_unknown_message_is_a_404(self, tenant: Tenant) -> None:
        assert tenant.owner.put(f"/api/v1/messages/{uuid.uuid4()}/feedback", json={"rating": 1}).status_code == 404

    @pytest.mark.parametrize("rating", [0, 2, "up", None, True])
    def test_a_thumb_is_up_or_down(self, tenant: Tenant, rating: object) -> None:
        response = tenant.owner.put(f"/api/v1/messages/{uuid.uuid4()}/feedback", json={"rating": rating})
        assert response.status_code == 422
