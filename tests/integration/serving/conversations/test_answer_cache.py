"""The cache of answers over HTTP: found again by who may, and never after the documents changed."""

from typing import Any

from sqlalchemy import Engine

from ingestion.worker import run_until_idle
from storage.postgres.models.member import Role
from storage.stores import Stores
from tests.factories.refused_writes import STAYS_WRONG, refused_writes
from tests.integration.conftest import MakeTenant, Tenant, ask, start_conversation, upload

QUESTION = "How long is the warranty of the K5 grinder?"


def receipt(tenant: Tenant, answer: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = tenant.owner.get(answer["receipt_url"]).json()
    return found


class TestAskAgain:
    def test_the_same_prompt_has_the_same_answer_at_no_cost(self, informed: Tenant) -> None:
        first, second = ask(informed, QUESTION), ask(informed, QUESTION)
        assert first["content"] == second["content"]
        assert [c["quotes"] for c in first["citations"]] == [c["quotes"] for c in second["citations"]]
        assert "cache" not in receipt(informed, first)["guard_decisions"]
        again = receipt(informed, second)
        assert again["guard_decisions"]["cache"] == {"first_given_in": first["message_id"]}
        assert (again["prompt_tokens"], again["completion_tokens"]) == (0, 0)
        assert len(again["passages"]) == len(receipt(informed, first)["passages"])

    def test_a_changed_document_changes_the_answer(self, informed: Tenant, stores: Stores) -> None:
        assert "60 months" in ask(informed, QUESTION)["content"]
        upload(informed, "policy.md", b"# Warranty\n\nThe Model K5 grinder carries a warranty of 72 months.")
        run_until_idle(stores, organization_id=informed.organization.id)
        answer = ask(informed, QUESTION)
        assert "72 months" in answer["content"]
        assert "cache" not in receipt(informed, answer)["guard_decisions"]

    def test_another_organization_never_has_it(self, informed: Tenant, make_tenant: MakeTenant) -> None:
        ask(informed, QUESTION)
        assert ask(make_tenant(), QUESTION)["is_refused"]

    def test_other_groups_make_another_key(self, informed: Tenant) -> None:
        ask(informed, QUESTION)
        theirs = ask(informed, QUESTION, role=Role.VIEWER)
        assert "cache" not in receipt(informed, theirs)["guard_decisions"]

    def test_a_bot_may_do_without(self, informed: Tenant) -> None:
        changed = informed.owner.patch(f"/api/v1/chatbots/{informed.chatbot_id}", json={"caches_answers": False})
        assert changed.status_code == 200, changed.text
        ask(informed, QUESTION)
        assert "cache" not in receipt(informed, ask(informed, QUESTION))["guard_decisions"]

    def test_one_that_could_not_be_stored_is_not_given_again(self, informed: Tenant, owner: Engine) -> None:
        mine = f"NEW.organization_id = '{informed.organization.id}'"
        path = f"/api/v1/conversations/{start_conversation(informed)}/messages"
        with refused_writes(owner, "receipts", "INSERT", mine, code=STAYS_WRONG):
            assert informed.owner.post(path, json={"content": QUESTION}).status_code == 500
        assert "cache" not in receipt(informed, ask(informed, QUESTION))["guard_decisions"]


class TestMetrics:
    def test_a_scraper_on_this_machine_reads_them(self, informed: Tenant) -> None:
        ask(informed, QUESTION)
        found = informed.owner.get("/metrics")
        assert found.status_code == 200
        text = found.text
        assert 'pixel_answers_total{outcome="complete",provider="extractive"}' in text
        assert "pixel_first_token_seconds_bucket" in text
        assert "pixel_answers_running 0.0" in text
        assert str(informed.organization.id) not in text
        assert QUESTION not in text
