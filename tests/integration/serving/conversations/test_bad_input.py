"""Bad questions: each is answered by a typed error, nothing is charged and nothing is half-written."""

import json
import uuid
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from sqlalchemy import Engine, text

from benchmarks.serving.upstreams.faults import Behaviour, Fault
from benchmarks.serving.upstreams.server import Upstream
from storage.postgres.models.member import Role
from storage.postgres.session import owner_session
from tests.integration.conftest import Tenant, client, start_conversation
from tests.integration.serving.models.conftest import add_model, connect, route, vllm

__all__ = ["vllm"]

QUESTION = "How long is the warranty of the K5 grinder?"
JSON = {"Content-Type": "application/json"}
HUGE = json.dumps({"content": "x" * 10_000_000}).encode()
HUGE_COMPLETION = json.dumps(
    {"model": "assistant", "messages": [{"role": "user", "content": "x" * 10_000_000}]}
).encode()


def written(owner: Engine, tenant: Tenant) -> tuple[int, int, int]:
    """Messages, receipts and ledger entries of an organization."""
    with owner_session(owner) as session:
        row = session.execute(
            text(
                "SELECT (SELECT count(*) FROM messages WHERE organization_id = :id), "
                "(SELECT count(*) FROM receipts WHERE organization_id = :id), "
                "(SELECT count(*) FROM ledger_entries WHERE organization_id = :id)"
            ),
            {"id": tenant.organization.id},
        ).one()
    return (row[0], row[1], row[2])


def completion(**more: Any) -> dict[str, Any]:
    """A body that is right but for `more`."""
    return {"model": "assistant", "messages": [{"role": "user", "content": QUESTION}], **more}


class TestProblems:
    @pytest.mark.parametrize(
        ("body", "status", "named"),
        [
            (HUGE, 413, "1 MB"),
            (b'{"content": "\xff\xfe caf\xe9"}', 422, "body"),
            (b'{"content": "\\u0000"}', 422, "content"),
            (b'{"content": "\\ud800"}', 422, "content"),
            (b'{"content": ""}', 422, "content"),
            (b'{"content": 7}', 422, "content"),
            (b'{"contents": "hello"}', 422, "content"),
            (b'{"content": "hello"', 422, "body"),
            (b"[" * 100_000, 422, "body"),
            (b"", 422, "body"),
        ],
        ids=["10 MB", "no UTF-8", "NUL", "surrogate", "empty", "number", "other name", "cut", "deep", "nothing"],
    )
    def test_a_bad_message_is_named_and_nothing_is_written(
        self, owner: Engine, informed: Tenant, body: bytes, status: int, named: str
    ) -> None:
        conversation = start_conversation(informed)
        response = informed.owner.post(f"/api/v1/conversations/{conversation}/messages", content=body, headers=JSON)
        assert (response.status_code, response.headers["content-type"]) == (status, "application/problem+json")
        assert named in response.text
        assert len(response.content) < 4000
        assert written(owner, informed) == (0, 0, 0)

    def test_a_conversation_of_another_member_is_unknown(self, owner: Engine, informed: Tenant) -> None:
        conversation = start_conversation(informed, role=Role.OWNER)
        response = informed.viewer.post(f"/api/v1/conversations/{conversation}/messages", json={"content": QUESTION})
        unknown = informed.viewer.post(f"/api/v1/conversations/{uuid.uuid4()}/messages", json={"content": QUESTION})
        assert response.status_code == unknown.status_code == 404
        assert response.json()["type"] == unknown.json()["type"]
        assert written(owner, informed) == (0, 0, 0)


class TestOpenAI:
    @pytest.mark.parametrize(
        ("body", "status"),
        [
            (HUGE_COMPLETION, 413),
            (b'{"model": "assistant", "messages": [{"role": "user", "content": "\xff"}]}', 422),
            (json.dumps(completion(messages=[])).encode(), 422),
            (json.dumps(completion(messages=[{"role": "nobody", "content": "x"}])).encode(), 422),
            (json.dumps(completion(temperature="hot")).encode(), 422),
            (json.dumps(completion(temperature=99)).encode(), 422),
            (json.dumps(completion(max_tokens=-1)).encode(), 422),
            (json.dumps(completion(model="no-such-bot")).encode(), 404),
            (b"{", 422),
        ],
        ids=["10 MB", "no UTF-8", "no messages", "role", "text", "too hot", "negative", "unknown model", "cut"],
    )
    def test_the_error_has_the_shape_that_its_clients_know(
        self, owner: Engine, informed: Tenant, body: bytes, status: int
    ) -> None:
        response = informed.owner.post("/v1/chat/completions", content=body, headers=JSON)
        assert response.status_code == status, response.text[:500]
        error = response.json()["error"]
        assert set(error) >= {"message", "type", "code", "param"}
        assert error["message"]
        assert len(response.content) < 4000
        assert written(owner, informed) == (0, 0, 0)

    def test_a_body_of_unknown_length_is_not_read_to_its_end(self, owner: Engine, informed: Tenant) -> None:
        sent = 0

        def pieces() -> Iterator[bytes]:
            nonlocal sent
            for _ in range(100):
                sent += 1
                yield b" " * 1024 * 1024

        response = informed.owner.post("/v1/chat/completions", content=pieces(), headers=JSON)
        assert (response.status_code, response.json()["error"]["code"]) == (413, "too_large")
        assert written(owner, informed) == (0, 0, 0)

    def test_a_wrong_key_is_told_before_the_body_is_read(self, api_url: str) -> None:
        with client(api_url, "pk_wrong") as stranger:
            response = stranger.post("/v1/chat/completions", content=HUGE_COMPLETION, headers=JSON)
        assert response.status_code == 401
        assert set(response.json()["error"]) >= {"message", "type", "code", "param"}


class TestRevokedKey:
    def test_nothing_is_charged_when_the_provider_refuses_the_key(
        self, owner: Engine, informed: Tenant, vllm: Upstream
    ) -> None:
        model = add_model(informed, connect(informed, vllm), input_usd_per_million=10, output_usd_per_million=20)
        route(informed, model, falls_back_to_extractive=False)
        vllm.behave(Behaviour(Fault.BAD_KEY))
        conversation = start_conversation(informed)
        response: httpx2.Response = informed.owner.post(
            f"/api/v1/conversations/{conversation}/messages", json={"content": QUESTION}
        )
        assert (response.status_code, response.json()["type"]) == (502, "/problems/answerer-failed")
        with owner_session(owner) as session:
            spent = session.execute(
                text("SELECT state, settled_usd FROM ledger_entries WHERE organization_id = :id"),
                {"id": informed.organization.id},
            ).all()
        assert [row[0] for row in spent] == ["released"]
        assert not any(row[1] for row in spent)
