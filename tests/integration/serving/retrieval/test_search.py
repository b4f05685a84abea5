"""Searching over HTTP: three modes, the gate, filters, boosts, what is read along."""

import uuid
from typing import Any

import pytest
from sqlalchemy import text, update

from ingestion.embedding.embedder import default_embedder
from ingestion.worker import run_until_idle
from storage.lance.schema import TableSpec
from storage.postgres.models.document import Document
from storage.postgres.models.document_version import DocumentVersion
from storage.postgres.models.index_version import IndexVersion
from storage.postgres.session import organization_session
from storage.records.vector import VectorRow
from storage.stores import Stores
from tests.integration.conftest import MakeTenant, Tenant, upload

SHELF = {
    "returns.md": "# Returns\n\nYou may send back any machine within 45 days of delivery. Keep the box.",
    "warranty.md": "# Warranty\n\nThe K5 grinder carries a warranty of 60 months. Register it within 30 days.",
    "cleaning.md": "# Cleaning\n\nDescale the boiler every three months with citric acid. Rinse twice.",
    "kuendigung.md": "# Vertrag\n\nDie Kündigungsfrist beträgt drei Monate zum Ende des Quartals. Die Kündigung bedarf der Schriftform.",
    "zh.md": "# 退货政策\n\n您可以在收到商品后的四十五天内退货，并获得全额退款。",
}


@pytest.fixture
def shelf(tenant: Tenant, stores: Stores) -> Tenant:
    """A tenant with a few documents about different things."""
    for name, content in SHELF.items():
        upload(tenant, name, content.encode())
    run_until_idle(stores, organization_id=tenant.organization.id)
    return tenant


def search(tenant: Tenant, query: str, **more: Any) -> Any:
    response = tenant.viewer.post("/api/v1/search", json={"query": query, **more})
    assert response.status_code == 200, response.text
    return response.json()


def names(found: Any) -> list[str]:
    return [passage["document_name"] for passage in found["passages"]]


def change(tenant: Tenant, stores: Stores, name: str, **values: Any) -> None:
    with organization_session(stores.app, tenant.organization.id) as session:
        session.execute(update(Document).where(Document.name == name).values(**values))


class TestModes:
    @pytest.mark.parametrize("mode", ["vector", "text", "hybrid"])
    def test_each_finds_the_passage(self, shelf: Tenant, mode: str) -> None:
        found = search(shelf, "warranty of the K5 grinder", settings={"mode": mode})
        assert names(found)[0] == "warranty.md"
        scores = found["passages"][0]["scores"]
        assert (scores["vector"] is not None, scores["text"] is not None) == (mode != "text", mode != "vector")
        assert 0.3 < scores["similarity"] <= 1.0
        assert (found["vector_weight"] is not None) == (mode == "hybrid")

    @pytest.mark.parametrize(
        ("query", "name"), [("Frist", "kuendigung.md"), ("退货", "zh.md"), ("citric", "cleaning.md")]
    )
    def test_words_of_every_script_and_parts_of_compounds(self, shelf: Tenant, query: str, name: str) -> None:
        assert names(search(shelf, query, settings={"mode": "text"}))[0] == name

    def test_reciprocal_rank(self, shelf: Tenant) -> None:
        found = search(shelf, "warranty of the K5 grinder", settings={"fusion": "reciprocal_rank"})
        assert names(found)[0] == "warranty.md"
        assert found["passages"][0]["score"] < 0.1

    def test_a_word_that_nothing_has_finds_nothing_by_words(self, shelf: Tenant) -> None:
        assert names(search(shelf, "zyzzyva", settings={"mode": "text"})) == []


class TestQueries:
    @pytest.mark.parametrize("query", ["", "   ", "\u0000\u0007", "x" * 8001])
    def test_nothing_to_search_by_is_422(self, shelf: Tenant, query: str) -> None:
        response = shelf.viewer.post("/api/v1/search", json={"query": query})
        assert response.status_code == 422
        assert response.headers["content-type"] == "application/problem+json"

    def test_a_question_of_100_kb_is_422(self, shelf: Tenant) -> None:
        assert shelf.viewer.post("/api/v1/search", json={"query": "a " * 50_000}).status_code == 422

    @pytest.mark.parametrize(
        "query", ["\u202egrinder", "grinder\u0000", "🦆", "' OR 1=1 --", "العربية", "!!!", "a" * 8000]
    )
    def test_odd_ones_are_answered(self, shelf: Tenant, query: str) -> None:
        assert search(shelf, query)["settings"]["mode"] == "hybrid"

    @pytest.mark.parametrize("limit", [0, -1, 1_000_000])
    def test_a_limit_out_of_bounds_is_422_and_named(self, shelf: Tenant, limit: int) -> None:
        response = shelf.viewer.post("/api/v1/search", json={"query": "grinder", "limit": limit})
        assert response.status_code == 422
        assert "limit" in response.text

    def test_an_unknown_field_of_a_filter_is_422_and_named(self, shelf: Tenant) -> None:
        wanted = {"all": [{"field": "colour", "value": "red"}]}
        response = shelf.viewer.post("/api/v1/search", json={"query": "grinder", "filter": wanted})
        assert response.status_code == 422
        assert "colour" in response.text

    def test_unknown_bases_and_index_versions_are_404(self, shelf: Tenant, make_tenant: MakeTenant) -> None:
        other = make_tenant()
        for more in (
            {"knowledge_base_ids": [str(uuid.uuid4())]},
            {"knowledge_base_ids": [other.knowledge_base_id]},
            {"index_version_id": str(uuid.uuid4())},
        ):
            assert shelf.viewer.post("/api/v1/search", json={"query": "grinder", **more}).status_code == 404

    def test_a_reranker_that_is_not_configured_is_said(self, shelf: Tenant) -> None:
        response = shelf.viewer.post("/api/v1/search", json={"query": "grinder", "settings": {"reranks": True}})
        assert (response.status_code, response.json()["type"]) == (409, "/problems/reranker-unavailable")


class TestGate:
    def test_a_foreign_row_in_the_table_is_never_shown(
        self, shelf: Tenant, stores: Stores, make_tenant: MakeTenant
    ) -> None:
        other = make_tenant()
        upload(other, "secret.md", b"# Secret\n\nThe vault code of the K5 grinder warranty is 0000.")
        run_until_idle(stores, organization_id=other.organization.id)
        secret = search(other, "vault code")["passages"][0]
        index = index_of(shelf, stores)
        vector = near_returns()
        row = VectorRow(uuid.UUID(secret["chunk_id"]), uuid.UUID(shelf.knowledge_base_id), vector, "vault code", "1:en")
        spec = TableSpec(index.table_name, index.embedding_model, index.dimension)
        stores.vectors.add_rows(spec, uuid.uuid4(), [row])
        for mode in ("vector", "text", "hybrid"):
            found = search(shelf, "vault code", settings={"mode": mode}, limit=50)
            assert "secret.md" not in names(found)
            assert found["dropped"] >= 1

    def test_the_gate_asks_for_more_when_it_drops(self, shelf: Tenant, stores: Stores) -> None:
        index = index_of(shelf, stores)
        vector = near_returns()
        spec = TableSpec(index.table_name, index.embedding_model, index.dimension)
        base = uuid.UUID(shelf.knowledge_base_id)
        ghosts = [VectorRow(uuid.uuid4(), base, vector, "returns", "1:en") for _ in range(400)]
        stores.vectors.add_rows(spec, uuid.uuid4(), ghosts)
        found = search(shelf, "Returns: send back a machine within 45 days", limit=4)
        assert len(found["passages"]) == 4
        assert found["dropped"] >= 400

    def test_a_deleted_document_is_gone_at_once(self, shelf: Tenant) -> None:
        passage = search(shelf, "descale the boiler")["passages"][0]
        assert shelf.owner.delete(f"/api/v1/documents/{passage['document_id']}").status_code == 204
        for mode in ("vector", "text", "hybrid"):
            assert "cleaning.md" not in names(search(shelf, "descale the boiler", settings={"mode": mode}))


class TestFilters:
    def test_only_documents_that_pass(self, shelf: Tenant, stores: Stores) -> None:
        change(shelf, stores, "warranty.md", tags=["product"], custom_metadata={"level": 3, "team": "care"})
        change(shelf, stores, "returns.md", custom_metadata={"level": 5})
        for wanted, expected in (
            ({"all": [{"field": "tags", "operator": "contains", "value": "product"}]}, {"warranty.md"}),
            ({"all": [{"field": "metadata.level", "operator": "at_least", "value": 3}]}, {"warranty.md", "returns.md"}),
            ({"all": [{"field": "metadata.level", "operator": "not_equals", "value": 3}]}, {"returns.md"}),
            (
                {"any": [{"field": "name", "value": "zh.md"}, {"field": "metadata.team", "value": "care"}]},
                {"zh.md", "warranty.md"},
            ),
            (
                {"none": [{"field": "metadata.level", "operator": "exists", "value": True}]},
                {"cleaning.md", "kuendigung.md", "zh.md"},
            ),
            ({"all": [{"field": "language", "value": "xx"}]}, set()),
        ):
            for mode in ("vector", "hybrid"):
                found = search(shelf, "machine", filter=wanted, limit=50, settings={"mode": mode})
                assert set(names(found)) == expected, wanted


class TestRanking:
    def test_a_boost_raises_and_lowers(self, shelf: Tenant, stores: Stores) -> None:
        change(shelf, stores, "cleaning.md", tags=["first"])
        boost = {"filter": {"all": [{"field": "tags", "operator": "contains", "value": "first"}]}, "factor": 10}
        assert names(search(shelf, "warranty of the K5 grinder"))[0] == "warranty.md"
        assert names(search(shelf, "warranty of the K5 grinder", settings={"boosts": [boost]}))[0] == "cleaning.md"

    def test_old_documents_fall_back(self, shelf: Tenant, stores: Stores) -> None:
        with organization_session(stores.app, shelf.organization.id) as session:
            ids = session.scalars(text("select current_version_id from documents where name = 'warranty.md'")).all()
            old = update(DocumentVersion).where(DocumentVersion.id.in_(ids))
            session.execute(old.values(content_modified_at=text("now() - interval '20 years'")))
        found = search(shelf, "warranty of the K5 grinder", settings={"decay": {"half_life_days": 30}})
        assert names(found)[-1] == "warranty.md"

    def test_the_same_text_is_given_once(self, shelf: Tenant, stores: Stores) -> None:
        upload(shelf, "copy.md", SHELF["warranty.md"].encode())
        run_until_idle(stores, organization_id=shelf.organization.id)
        once = names(search(shelf, "warranty of the K5 grinder", limit=50))
        twice = names(search(shelf, "warranty of the K5 grinder", limit=50, settings={"skips_duplicates": False}))
        assert len({"copy.md", "warranty.md"} & set(once)) == 1
        assert {"copy.md", "warranty.md"} <= set(twice)

    def test_not_more_of_a_document_than_asked_for(self, shelf: Tenant, stores: Stores) -> None:
        long = "# Grinder\n\n" + "\n\n".join(
            f"## Part {n}\n\nThe grinder has part {n}, made of steel." for n in range(8)
        )
        upload(shelf, "parts.md", long.encode())
        run_until_idle(stores, organization_id=shelf.organization.id)
        assert names(search(shelf, "part of the grinder", limit=10)).count("parts.md") > 2
        found = names(search(shelf, "part of the grinder", limit=10, settings={"most_per_document": 2}))
        assert found.count("parts.md") == 2

    def test_diversity_spreads_over_documents(self, shelf: Tenant, stores: Stores) -> None:
        long = "# Grinder\n\n" + "\n\n".join(
            f"## Part {n}\n\nThe grinder has part {n}, made of steel." for n in range(8)
        )
        upload(shelf, "parts.md", long.encode())
        run_until_idle(stores, organization_id=shelf.organization.id)
        plain = len(set(names(search(shelf, "part of the grinder", limit=5))))
        spread = len(set(names(search(shelf, "part of the grinder", limit=5, settings={"diversity": 0.8}))))
        assert spread > plain

    def test_neighbours_and_sections_are_read_along(self, shelf: Tenant, stores: Stores) -> None:
        parts = "\n\n".join(f"## Step {n}\n\n" + f"Turn the wheel number {n} slowly. " * 25 for n in range(4))
        upload(shelf, "steps.md", f"# Steps\n\n{parts}".encode())
        run_until_idle(stores, organization_id=shelf.organization.id)
        plain = search(shelf, "wheel number 2", limit=1, settings={"mode": "text"})["passages"][0]
        beside = search(shelf, "wheel number 2", limit=1, settings={"mode": "text", "neighbours": 1})["passages"][0]
        assert plain["context"] is None
        assert beside["chunk_id"] == plain["chunk_id"]
        assert plain["text"] in beside["context"]
        assert "number 1" in beside["context"]
        section = search(shelf, "wheel number 2", limit=1, settings={"mode": "text", "reads_parents": True})[
            "passages"
        ][0]
        assert "number 1" not in section["context"]


class TestReceipts:
    def test_a_receipt_has_the_scores_of_each_stage(self, shelf: Tenant) -> None:
        conversation = shelf.owner.post("/api/v1/conversations", json={"chatbot_id": shelf.chatbot_id}).json()["id"]
        answer = shelf.owner.post(
            f"/api/v1/conversations/{conversation}/messages",
            json={"content": "How long is the warranty of the K5 grinder?"},
        ).json()
        receipt = shelf.owner.get(answer["receipt_url"]).json()
        first = receipt["passages"][0]["scores"]
        assert {"score", "similarity", "vector", "vector_rank", "text", "text_rank", "fused", "fused_rank"} <= set(
            first
        )
        assert receipt["retrieval_settings"]["mode"] == "hybrid"


def index_of(tenant: Tenant, stores: Stores) -> IndexVersion:
    with organization_session(stores.app, tenant.organization.id) as session:
        return session.query(IndexVersion).one()


def near_returns() -> Any:
    return default_embedder().embed_query("Returns: send back a machine within 45 days of the vault code")
