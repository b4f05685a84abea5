"""Asking, from the question to the receipt."""

import json
import uuid
from typing import Any

import httpx2
import pytest
from sqlalchemy import Engine, select

from storage.postgres.models.member import Role
from storage.postgres.models.message import Message, MessageState
from storage.postgres.session import organization_session
from tests.integration.conftest import POLICY, MakeTenant, Tenant, ask, start_conversation


def events(response: httpx2.Response) -> list[tuple[str, Any]]:
    """Name and data of each server-sent event."""
    found = []
    for block in response.text.strip().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines())
        found.append((fields["event"], json.loads(fields["data"])))
    return found


class TestAsk:
    def test_an_answer_quotes_and_cites_the_document(self, informed: Tenant) -> None:
        answer = ask(informed, "How long is the warranty of the K5 grinder?")
        assert not answer["is_refused"]
        assert answer["related"] == []
        assert "60 months" in answer["content"]
        assert "[1]" in answer["content"]
        citation = answer["citations"][0]
        assert citation["document_name"] == "policy.md"
        assert all(quote in POLICY for quote in citation["quotes"])

    def test_an_unanswerable_question_is_refused_without_citations(self, informed: Tenant) -> None:
        answer = ask(informed, "Who painted the ceiling of the Sistine Chapel?")
        assert answer["is_refused"]
        assert answer["citations"] == []
        assert "don't know" in answer["content"]
        assert [related["document_name"] for related in answer["related"]] == ["policy.md"]

    def test_a_refusal_speaks_the_language_of_the_question(self, informed: Tenant) -> None:
        assert "Das weiß ich nicht" in ask(informed, "Wer hat die Decke der Sixtinischen Kapelle gemalt?")["content"]

    def test_a_bot_without_documents_refuses(self, tenant: Tenant) -> None:
        assert ask(tenant, "How long is the warranty?")["is_refused"]

    def test_turns_are_numbered_and_titled(self, informed: Tenant) -> None:
        conversation = start_conversation(informed)
        for text in ("How long is the warranty of the K2?", "Can I send it back?"):
            informed.owner.post(f"/api/v1/conversations/{conversation}/messages", json={"content": text})
        turns = informed.owner.get(f"/api/v1/conversations/{conversation}/messages").json()
        listed = informed.owner.get(f"/api/v1/conversations/{conversation}").json()
        assert [turn["role"] for turn in turns] == ["user", "assistant", "user", "assistant"]
        assert (listed["title"], listed["messages"]) == ("How long is the warranty of the K2?", 4)

    @pytest.mark.parametrize(
        "body",
        [{"content": ""}, {"content": "   "}, {"content": "x" * 8001}, {"content": "a\x00b"}, {}, {"content": 1}],
    )
    def test_a_question_that_is_none_is_named(self, tenant: Tenant, body: dict[str, Any]) -> None:
        conversation = start_conversation(tenant)
        response = tenant.owner.post(f"/api/v1/conversations/{conversation}/messages", json=body)
        assert response.status_code == 422
        assert response.headers["content-type"] == "application/problem+json"
        assert response.json()["errors"][0]["field"] == "body.content"

    def test_an_archived_bot_answers_no_more(self, tenant: Tenant) -> None:
        conversation = start_conversation(tenant)
        tenant.owner.delete(f"/api/v1/chatbots/{tenant.chatbot_id}")
        response = tenant.owner.post(f"/api/v1/conversations/{conversation}/messages", json={"content": "hello?"})
        assert response.status_code == 404


class TestStream:
    def test_events_come_in_order_and_add_up(self, informed: Tenant) -> None:
        conversation = start_conversation(informed)
        response = informed.owner.post(
            f"/api/v1/conversations/{conversation}/messages",
            json={"content": "How long is the warranty of the K5 grinder?", "stream": True},
        )
        assert response.headers["content-type"].startswith("text/event-stream")
        found = events(response)
        names = [name for name, _ in found]
        assert names[0] == "answer.started"
        assert names[-1] == "answer.completed"
        text = "".join(data["text"] for name, data in found if name == "answer.delta")
        assert text == found[-1][1]["content"]

    def test_an_unknown_conversation_is_a_404_and_no_stream(self, tenant: Tenant) -> None:
        response = tenant.owner.post(
            f"/api/v1/conversations/{uuid.uuid4()}/messages", json={"content": "hello", "stream": True}
        )
        assert response.status_code == 404

    def test_a_reader_who_leaves_leaves_an_interrupted_message(self, informed: Tenant, app: Engine) -> None:
        conversation = start_conversation(informed)
        with informed.owner.stream(
            "POST",
            f"/api/v1/conversations/{conversation}/messages",
            json={"content": "How long is the warranty of the K5 grinder?", "stream": True},
        ) as response:
            next(response.iter_bytes(1))
        states = wait_for_end(app, informed, conversation)
        assert states <= {MessageState.INTERRUPTED.value, MessageState.COMPLETE.value}


def wait_for_end(app: Engine, tenant: Tenant, conversation: str) -> set[str]:
    """States of the answers, once none is streaming any more."""
    import time

    statement = select(Message.state).where(
        Message.conversation_id == uuid.UUID(conversation), Message.role == "assistant"
    )
    for _ in range(100):
        with organization_session(app, tenant.organization.id) as session:
            states = set(session.scalars(statement).all())
        if MessageState.STREAMING.value not in states:
            return states
        time.sleep(0.1)
    return states


class TestReceipt:
    def test_it_has_every_link_of_the_chain(self, informed: Tenant) -> None:
        answer = ask(informed, "How long is the warranty of the K5 grinder?")
        receipt = informed.owner.get(answer["receipt_url"]).json()
        assert receipt["answer"] == answer["content"]
        assert receipt["question"] == "How long is the warranty of the K5 grinder?"
        assert (receipt["provider"], receipt["model"]) == ("extractive", "extractive-1")
        assert receipt["chatbot_version"] == 1
        assert receipt["embedding_model"] == "all-MiniLM-L6-v2"
        assert len(receipt["prompt_hash"]) == 64
        assert set(receipt["latencies_ms"]) >= {"embed", "search", "generate", "total"}
        cited = [passage for passage in receipt["passages"] if passage["citation"]]
        assert cited
        for passage in receipt["passages"]:
            assert passage["chunk_id"]
            assert passage["document_version_id"]
            assert passage["document_name"] == "policy.md"
            assert passage["scores"]["vector"] > -1

    def test_the_span_leads_back_to_the_very_text(self, informed: Tenant) -> None:
        answer = ask(informed, "How long is the warranty of the K5 grinder?")
        citation = answer["citations"][0]
        passage = informed.owner.get(citation["url"]).json()
        assert passage["is_current"]
        assert passage["document_name"] == "policy.md"
        assert all(quote in passage["text"] for quote in citation["quotes"])
        assert passage["char_end"] - passage["char_start"] == len(passage["text"])

    def test_feedback_arrives_in_it(self, informed: Tenant) -> None:
        answer = ask(informed, "How long is the warranty of the K5 grinder?")
        informed.owner.put(f"/api/v1/messages/{answer['message_id']}/feedback", json={"rating": -1, "comment": "old"})
        informed.owner.put(f"/api/v1/messages/{answer['message_id']}/feedback", json={"rating": 1, "comment": "fine"})
        receipt = informed.owner.get(answer["receipt_url"]).json()
        assert [(f["rating"], f["comment"]) for f in receipt["feedback"]] == [(1, "fine")]

    def test_a_question_has_none(self, informed: Tenant) -> None:
        answer = ask(informed, "How long is the warranty of the K5 grinder?")
        response = informed.owner.get(f"/api/v1/messages/{answer['question_id']}/receipt")
        assert response.status_code == 404
        assert "receipt" in response.json()["title"]


class TestVisibility:
    def test_a_viewer_sees_only_their_own(self, informed: Tenant) -> None:
        theirs = ask(informed, "Can I send it back?", role=Role.VIEWER)
        others = ask(informed, "Can I send it back?")
        seen = {c["id"] for c in informed.viewer.get("/api/v1/conversations").json()}
        assert seen == {theirs["conversation_id"]}
        assert informed.viewer.get(others["receipt_url"]).status_code == 404
        assert informed.clients[Role.ANALYST].get(others["receipt_url"]).status_code == 200

    def test_another_organization_sees_nothing(self, informed: Tenant, make_tenant: MakeTenant) -> None:
        answer = ask(informed, "Can I send it back?")
        stranger = make_tenant()
        paths = [
            answer["receipt_url"],
            f"/api/v1/conversations/{answer['conversation_id']}",
            f"/api/v1/conversations/{answer['conversation_id']}/messages",
            answer["citations"][0]["url"],
            f"/api/v1/documents/{answer['citations'][0]['document_id']}",
            f"/api/v1/chatbots/{informed.chatbot_id}",
        ]
        for path in paths:
            foreign = stranger.owner.get(path)
            unknown = stranger.owner.get(path.replace(path.split("/")[4], str(uuid.uuid4())))
            assert (foreign.status_code, foreign.json()) == (404, unknown.json()), path
        assert ask(stranger, "How long is the warranty of the K5 grinder?")["is_refused"]
