"""Labels by passage and by characters, and two ways of searching compared by them."""

from typing import Any

import pytest

from evals.datasets.labels import load_labels
from storage.postgres.models.member import Role
from storage.postgres.visibility import reading_as
from storage.stores import Stores
from tests.integration.conftest import MakeTenant, Tenant

QUESTION = "How long is the warranty of the K5 grinder?"


def first_passage(tenant: Tenant) -> dict[str, Any]:
    """The best passage for the question."""
    found: dict[str, Any] = tenant.owner.post("/api/v1/search", json={"query": QUESTION}).json()["passages"][0]
    return found


def save(tenant: Tenant, **fields: Any) -> Any:
    """Label as a builder."""
    return tenant.clients[Role.BUILDER].post("/api/v1/retrieval-labels", json={"query": QUESTION, **fields})


class TestLabels:
    def test_a_passage_is_kept_by_its_characters(self, informed: Tenant, stores: Stores) -> None:
        passage = first_passage(informed)
        saved = save(informed, chunk_id=passage["chunk_id"], relevance=2)
        assert saved.status_code == 201, saved.text
        label = saved.json()
        assert (label["char_start"], label["char_end"]) == (passage["char_start"], passage["char_end"])
        assert (label["document_name"], label["is_current"]) == ("policy.md", True)
        judged = load_labels(stores.app, informed.organization.id)
        assert [(one.query, one.places[0].relevance) for one in judged] == [(QUESTION, 2)]

    def test_a_second_word_on_the_same_place_replaces_the_first(self, informed: Tenant) -> None:
        passage = first_passage(informed)
        first = save(informed, chunk_id=passage["chunk_id"], relevance=0).json()
        span = {name: passage[name] for name in ("document_version_id", "char_start", "char_end")}
        second = save(informed, **span, relevance=3).json()
        assert (first["id"], second["relevance"]) == (second["id"], 3)
        listed = informed.viewer.get("/api/v1/retrieval-labels").json()
        assert [one["relevance"] for one in listed] == [3]

    def test_a_label_is_taken_back(self, informed: Tenant) -> None:
        label = save(informed, chunk_id=first_passage(informed)["chunk_id"], relevance=1).json()
        path = f"/api/v1/retrieval-labels/{label['id']}"
        assert informed.viewer.delete(path).status_code == 403
        assert informed.owner.delete(path).status_code == 204
        assert informed.owner.delete(path).status_code == 404

    def test_passages_of_others_are_unknown(self, informed: Tenant, make_tenant: MakeTenant) -> None:
        stranger = make_tenant()
        assert save(stranger, chunk_id=first_passage(informed)["chunk_id"], relevance=1).status_code == 404

    @pytest.mark.parametrize(
        "fields",
        [
            {"relevance": 1},
            {"relevance": 4, "chunk_id": "00000000-0000-4000-8000-000000000000"},
            {"relevance": 1, "chunk_id": "00000000-0000-4000-8000-000000000000", "char_start": 1},
            {
                "relevance": 1,
                "document_version_id": "00000000-0000-4000-8000-000000000000",
                "char_start": 9,
                "char_end": 9,
            },
        ],
    )
    def test_a_place_is_named_in_one_way(self, tenant: Tenant, fields: dict[str, Any]) -> None:
        assert save(tenant, **fields).status_code == 422

    def test_labels_of_hidden_documents_are_hidden(self, informed: Tenant, stores: Stores) -> None:
        group = informed.owner.post("/api/v1/groups", json={"name": "Board", "slug": "board"}).json()["id"]
        passage = first_passage(informed)
        save(informed, chunk_id=passage["chunk_id"], relevance=2)
        informed.owner.patch(f"/api/v1/documents/{passage['document_id']}", json={"group_ids": [group]})
        assert informed.viewer.get("/api/v1/retrieval-labels").json() == []
        assert len(informed.owner.get("/api/v1/retrieval-labels").json()) == 1
        with reading_as(()):
            assert load_labels(stores.app, informed.organization.id) == []


class TestComparisons:
    def test_nothing_labelled_is_said(self, informed: Tenant) -> None:
        response = informed.owner.post("/api/v1/retrieval-comparisons", json={})
        assert (response.status_code, response.json()["type"]) == (409, "/problems/nothing-judged")

    def test_the_right_place_first_is_worth_all(self, informed: Tenant) -> None:
        save(informed, chunk_id=first_passage(informed)["chunk_id"], relevance=2)
        body = {"left": {"settings": {"mode": "text"}}, "right": {"settings": {"mode": "hybrid"}}, "depth": 5}
        told = informed.owner.post("/api/v1/retrieval-comparisons", json=body).json()
        assert (told["count"], told["is_cut"]) == (1, False)
        assert told["right"]["ndcg"] == {"value": 1.0, "low": 1.0, "high": 1.0}
        assert told["right"]["recall"]["value"] == 1.0
        assert told["ndcg_difference"]["value"] == pytest.approx(1.0 - told["left"]["ndcg"]["value"])
        assert told["queries"][0]["query"] == QUESTION
        assert told["left"]["median_ms"] > 0

    def test_another_knowledge_base_has_labels_of_its_own(self, informed: Tenant) -> None:
        save(informed, chunk_id=first_passage(informed)["chunk_id"], relevance=2)
        other = informed.owner.post("/api/v1/knowledge-bases", json={"name": "b", "slug": "b"}).json()["id"]
        response = informed.owner.post("/api/v1/retrieval-comparisons", json={"knowledge_base_id": other})
        assert response.status_code == 409

    def test_an_unknown_index_version_is_refused(self, informed: Tenant) -> None:
        body = {"left": {"index_version_id": "00000000-0000-4000-8000-000000000000"}}
        assert informed.owner.post("/api/v1/retrieval-comparisons", json=body).status_code == 404
        assert informed.viewer.post("/api/v1/retrieval-comparisons", json={}).status_code == 403
