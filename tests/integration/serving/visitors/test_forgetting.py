"""Forgetting: the visit ends at once, and a worker erases what was said."""

import uuid

import httpx2
from sqlalchemy import Engine, func, select

from ingestion.erasing import run_next
from storage.postgres.models.audit_event import AuditEvent
from storage.postgres.models.conversation import Conversation
from storage.postgres.models.erasure import Erasure
from storage.postgres.models.feedback import Feedback
from storage.postgres.models.message import Message
from storage.postgres.models.visitor import Visitor
from storage.postgres.session import owner_session
from storage.stores import Stores
from tests.factories.knowledge import FAST
from tests.integration.conftest import Tenant
from tests.integration.conftest import ask as ask_as_member
from tests.integration.serving.visitors.conftest import QUESTION, Visit
from tests.integration.serving.visitors.talking import ask, converse


def count(owner: Engine, tenant: Tenant, model: type[Visitor | Conversation | Message | Feedback | Erasure]) -> int:
    with owner_session(owner) as session:
        statement = select(func.count()).select_from(model).where(model.organization_id == tenant.organization.id)
        return session.scalar(statement) or 0


class TestForgetting:
    def test_all_that_was_said_is_erased_and_proved(
        self, published: Tenant, begin: Visit, owner: Engine, stores: Stores
    ) -> None:
        visitor, other = begin(), begin()
        answer = ask(visitor, "My order number is AB-7741-XQ. " + QUESTION)
        visitor.put(f"/api/v1/messages/{answer['message_id']}/feedback", json={"rating": -1, "comment": "too short"})
        ask(visitor, "Is return shipping free for members of the Green Club?")
        theirs = ask(other, QUESTION)["conversation_id"]
        members = ask_as_member(published, QUESTION)["conversation_id"]

        gone = visitor.delete(f"/chat/{published.chatbot_id}/visitor")

        assert gone.status_code == 204
        cookie = gone.headers["set-cookie"]
        assert cookie.startswith(f"pixel_visitor_{uuid.UUID(published.chatbot_id).hex}=;")
        assert "Max-Age=0" in cookie
        assert visitor.get("/api/v1/conversations").status_code == 401
        (entry,) = published.owner.get("/api/v1/erasures").json()
        assert (entry["kind"], entry["state"], entry["requested_by"]) == ("subject", "requested", None)
        assert run_next(stores, "tester", settings=FAST, organization_id=published.organization.id)
        done = published.owner.get(f"/api/v1/erasures/{entry['id']}").json()
        assert (done["state"], done["error"], done["proof"]["left"]) == ("completed", None, {})
        assert (done["touched"]["conversations"], done["touched"]["visitors"]) == (2, 1)
        left = {one["id"] for one in published.owner.get("/api/v1/conversations").json()}
        assert left == {theirs, members}
        assert (count(owner, published, Visitor), count(owner, published, Feedback)) == (1, 0)
        with owner_session(owner) as session:
            statement = select(AuditEvent).where(AuditEvent.organization_id == published.organization.id)
            event = session.scalars(statement.where(AuditEvent.action == "erasure.requested")).one()
            assert event.details["visitor_id"] == entry["subject"]

    def test_the_token_is_dead_even_where_the_cookie_stayed(self, published: Tenant, visitor: httpx2.Client) -> None:
        (token,) = visitor.cookies.values()
        ask(visitor, QUESTION)
        visitor.delete(f"/chat/{published.chatbot_id}/visitor")
        name = f"pixel_visitor_{uuid.UUID(published.chatbot_id).hex}"
        visitor.cookies.clear()
        again = visitor.get("/api/v1/conversations", headers={"Cookie": f"{name}={token}"})
        assert again.status_code == 401

    def test_who_said_nothing_is_simply_gone(self, published: Tenant, visitor: httpx2.Client, owner: Engine) -> None:
        assert visitor.delete(f"/chat/{published.chatbot_id}/visitor").status_code == 204
        assert (count(owner, published, Visitor), count(owner, published, Erasure)) == (0, 0)

    def test_a_conversation_without_a_word_costs_no_erasure(
        self, published: Tenant, visitor: httpx2.Client, owner: Engine
    ) -> None:
        converse(visitor)
        assert visitor.delete(f"/chat/{published.chatbot_id}/visitor").status_code == 204
        for model in (Visitor, Conversation, Erasure):
            assert count(owner, published, model) == 0, model

    def test_it_is_the_visitors_to_ask_for(self, published: Tenant, visitor: httpx2.Client) -> None:
        path = f"/chat/{published.chatbot_id}/visitor"
        assert published.owner.delete(path).status_code == 403
        assert visitor.delete(f"/chat/{uuid.uuid4()}/visitor").status_code == 404
        assert visitor.get("/api/v1/conversations").status_code == 200
