"""Canaries: what only a group may read is found by its members, and by nobody else on any surface."""

import json
from collections.abc import Iterator

import httpx2
import pytest

from storage.postgres.models.member import Role
from tests.integration.conftest import ask
from tests.integration.serving.groups.conftest import ROLES, House


def searches(house: House, knowledge_base_id: str) -> Iterator[tuple[str, str, object]]:
    """Every way of searching: three modes, each with and without filters, boosts and neighbours."""
    questions = (house.secret, f"severance of directors {house.secret}", "When is the bonus paid?")
    for question in questions:
        for mode in ("hybrid", "vector", "text"):
            plain = {"query": question, "limit": 50, "settings": {"mode": mode}}
            yield "POST", "/api/v1/search", plain
            yield "POST", "/api/v1/search", {**plain, "knowledge_base_ids": [knowledge_base_id]}
            yield "POST", "/api/v1/search", {**plain, "settings": {"mode": mode, "neighbours": 2}}
            yield "POST", "/api/v1/search", {**plain, "settings": {"mode": mode, "reads_parents": True}}
            for condition in (
                {"field": "tags", "operator": "contains", "value": "canary"},
                {"field": "name", "operator": "contains", "value": "board"},
            ):
                yield "POST", "/api/v1/search", {**plain, "filter": {"all": [condition]}}


def readings(house: House, answer: dict[str, object]) -> Iterator[tuple[str, str, object]]:
    """Every way of reading documents, and what was made of them."""
    base, document = house.tenant.knowledge_base_id, house.document_id
    passages = house.tenant.owner.post("/api/v1/search", json={"query": house.secret, "limit": 10}).json()["passages"]
    own = [one["chunk_id"] for one in passages if one["document_id"] == document]
    assert len(own) >= 2
    yield "GET", f"/api/v1/documents/{document}", None
    yield "GET", f"/api/v1/documents/{document}/versions", None
    yield "GET", f"/api/v1/documents/{document}/diff", None
    yield "PATCH", f"/api/v1/documents/{document}", {"tags": ["mine"]}
    yield "PATCH", f"/api/v1/documents/{document}", {"group_ids": None}
    for chunk in own:
        yield "GET", f"/api/v1/passages/{chunk}", None
    yield "GET", f"/api/v1/knowledge-bases/{base}/documents", None
    yield "GET", f"/api/v1/knowledge-bases/{base}/documents?state=ready", None
    yield "GET", f"/api/v1/knowledge-bases/{base}/duplicates?at_least=0.6", None
    yield "GET", "/api/v1/ingestions", None
    yield "GET", "/api/v1/index-versions", None
    yield "GET", "/api/v1/sources", None
    yield "GET", "/api/v1/conversations", None
    yield "GET", f"/api/v1/messages/{answer['message_id']}/receipt", None


@pytest.fixture
def answer(house: House) -> dict[str, object]:
    """What the owner was told of the restricted document, in a conversation that analysts may read."""
    found: dict[str, object] = ask(house.tenant, "How many months of severance does every director get?")
    assert found["citations"], found
    return found


def sees(response: httpx2.Response, house: House) -> bool:
    """Whether a response tells anything of the restricted document."""
    return house.secret in response.text or house.document_id in response.text


class TestSearching:
    def test_members_of_the_group_find_it_and_nobody_else_does(self, houses: tuple[House, House]) -> None:
        leaks, missed, tried = [], [], 0
        for house, other in (houses, houses[::-1]):
            for method, path, body in searches(house, house.tenant.knowledge_base_id):
                for role in ROLES:
                    for sender, place in ((house.outside[role], "outside"), (other.inside[role], "foreign")):
                        response = sender.request(method, path, json=body)
                        tried += 1
                        # The other organization has a document with the same sentence, which is its own to find.
                        tells = place == "outside" and "severance of nine months" in response.text
                        if sees(response, house) or tells:
                            leaks.append((place, role, path, body))
                response = house.inside[Role.VIEWER].request(method, path, json=body)
                if house.document_id not in response.text:
                    missed.append(body)
        assert leaks == []
        assert missed == []
        assert tried > 300

    def test_no_rank_and_no_count_tells_of_what_is_hidden(self, house: House) -> None:
        body = {"query": house.secret, "limit": 10, "settings": {"mode": "text"}}
        found = house.outside[Role.VIEWER].post("/api/v1/search", json=body).json()
        assert (found["passages"], found["dropped"]) == ([], 0)
        hybrid = house.outside[Role.VIEWER].post("/api/v1/search", json={**body, "settings": {}}).json()
        assert [one["scores"]["fused_rank"] for one in hybrid["passages"]] == list(
            range(1, len(hybrid["passages"]) + 1)
        )
        assert hybrid["passages"][0]["scores"]["vector_rank"] == 1
        assert hybrid["dropped"] == 0


class TestAsking:
    @pytest.mark.parametrize("question", ["How many months of severance does every director get?", "When is it paid?"])
    def test_an_answer_is_made_of_what_the_asker_may_read(self, house: House, question: str) -> None:
        for role in ROLES:
            given = ask(house.tenant, question, role=role)
            assert house.secret not in json.dumps(given)
            for wire in (False, True):
                body = {
                    "model": "assistant",
                    "messages": [{"role": "user", "content": question}],
                    "stream": wire,
                }
                response = house.outside[role].post("/v1/chat/completions", json=body)
                assert response.status_code == 200, response.text
                assert not sees(response, house)
            streamed = house.outside[role].post(
                f"/api/v1/conversations/{given['conversation_id']}/messages",
                json={"content": question, "stream": True},
            )
            assert "answer.completed" in streamed.text
            assert not sees(streamed, house)

    def test_a_member_is_answered_from_it_by_a_stream_too(self, house: House) -> None:
        body = {
            "model": "assistant",
            "messages": [{"role": "user", "content": f"How long is the severance of the {house.secret} agreement?"}],
            "stream": True,
        }
        response = house.inside[Role.VIEWER].post("/v1/chat/completions", json=body)
        assert "nine months" in response.text
        assert house.document_id in response.text


class TestReading:
    def test_nobody_outside_reads_anything_of_it(self, house: House, answer: dict[str, object]) -> None:
        leaks, tried = [], 0
        for method, path, body in readings(house, answer):
            for role in ROLES:
                response = house.outside[role].request(method, path, json=body)
                tried += 1
                told = json.loads(response.text) if response.text else None
                if isinstance(told, dict) and path.endswith("/receipt"):
                    told = {**told, "answer": "", "question": ""}
                    assert role is Role.VIEWER or any(one["is_withheld"] for one in told["passages"])
                if house.secret in json.dumps(told) or (house.document_id in json.dumps(told)):
                    leaks.append((role, method, path))
        assert leaks == []
        assert tried >= 40

    def test_unknown_and_hidden_documents_look_the_same(self, house: House) -> None:
        unknown = "00000000-0000-4000-8000-000000000000"
        for path in ("", "/versions", "/diff"):
            hidden = house.outside[Role.BUILDER].get(f"/api/v1/documents/{house.document_id}{path}")
            nothing = house.outside[Role.BUILDER].get(f"/api/v1/documents/{unknown}{path}")
            assert (hidden.status_code, hidden.json()) == (nothing.status_code, nothing.json())

    def test_counts_are_of_what_may_be_read(self, house: House) -> None:
        base = f"/api/v1/knowledge-bases/{house.tenant.knowledge_base_id}"
        assert house.outside[Role.VIEWER].get(base).json()["documents"] == 1
        assert house.inside[Role.VIEWER].get(base).json()["documents"] == 2
        assert house.tenant.owner.get(base).json()["documents"] == 2

    def test_members_read_all_of_it(self, house: House, answer: dict[str, object]) -> None:
        for method, path, _ in readings(house, answer):
            if method == "GET" and house.document_id in path and not path.endswith("/diff"):
                assert house.inside[Role.VIEWER].get(path).status_code == 200, path

    def test_a_receipt_says_that_it_withholds(self, house: House, answer: dict[str, object]) -> None:
        path = f"/api/v1/messages/{answer['message_id']}/receipt"
        shown = house.outside[Role.ANALYST].get(path).json()
        withheld = [one for one in shown["passages"] if one["is_withheld"]]
        assert withheld
        assert all(
            (one["quotes"], one["chunk_id"], one["document_id"], one["text_hash"]) == ([], None, None, "")
            for one in withheld
        )
        assert not any(one["is_withheld"] for one in house.inside[Role.ANALYST].get(path).json()["passages"])
