"""Visits: who may begin one, what holds it, and when it is over."""

import uuid
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from sqlalchemy import Engine, func, select, text

from storage.postgres.models.audit_event import AuditEvent
from storage.postgres.models.member import Role
from storage.postgres.models.visitor import Visitor
from storage.postgres.session import owner_session
from tests.integration.conftest import MakeTenant, Tenant, client, publish, visit
from tests.integration.serving.visitors.conftest import QUESTION, Visit
from tests.integration.serving.visitors.talking import ask, converse, say, turns

PAGE = {"X-Pixel-Page": "1"}


def visitors(owner: Engine, tenant: Tenant) -> int:
    with owner_session(owner) as session:
        statement = select(func.count()).select_from(Visitor).where(Visitor.organization_id == tenant.organization.id)
        return session.scalar(statement) or 0


def change_visitor(owner: Engine, tenant: Tenant, assignment: str) -> None:
    with owner_session(owner) as session:
        session.execute(
            text(f"UPDATE visitors SET {assignment} WHERE organization_id = :id"),  # noqa: S608
            {"id": tenant.organization.id},
        )


def told(response: httpx2.Response) -> tuple[int, Any, list[str]]:
    """What a stranger sees of an answer."""
    return response.status_code, response.json(), sorted(set(response.headers) - {"date"})


class TestPublishing:
    def test_builders_publish_and_it_is_audited(self, tenant: Tenant, owner: Engine) -> None:
        path = f"/api/v1/chatbots/{tenant.chatbot_id}"
        assert tenant.viewer.get(path).json()["access"] == "members"
        for role, sender in tenant.clients.items():
            changed = sender.patch(path, json={"access": "anyone", "daily_questions_per_visitor": 7})
            assert changed.status_code == (200 if role in (Role.OWNER, Role.BUILDER) else 403), role
        shown = tenant.viewer.get(path).json()
        assert (shown["access"], shown["daily_questions_per_visitor"], shown["version"]) == ("anyone", 7, 1)
        with owner_session(owner) as session:
            statement = select(AuditEvent).where(AuditEvent.organization_id == tenant.organization.id)
            events = session.scalars(statement.where(AuditEvent.action == "chatbot.updated")).all()
            assert [event.details["access"] for event in events] == ["anyone"] * 2

    @pytest.mark.parametrize(
        "change",
        [
            {"access": "nobody"},
            {"daily_questions_per_visitor": 0},
            {"daily_questions_of_all_visitors": -1},
            {"frame_origins": ["http://shop.example"]},
            {"frame_origins": ["https://shop.example/path"]},
            {"frame_origins": ["https://*.example"]},
            {"frame_origins": ["https://shop.example; script-src *"]},
            {"frame_origins": ["https://shop.example\n"]},
        ],
    )
    def test_a_wrong_value_is_named(self, tenant: Tenant, change: dict[str, Any]) -> None:
        response = tenant.owner.patch(f"/api/v1/chatbots/{tenant.chatbot_id}", json=change)
        assert response.status_code == 422
        assert response.json()["errors"][0]["field"].startswith(f"body.{next(iter(change))}")


class TestUnpublished:
    def test_it_looks_like_a_bot_that_is_not_there(self, api_url: str, tenant: Tenant, owner: Engine) -> None:
        with client(api_url) as stranger:
            for how in ({}, {"access": "anyone", "status": "draft"}, {"access": "members", "status": "published"}):
                tenant.owner.patch(f"/api/v1/chatbots/{tenant.chatbot_id}", json=how)
                for method, what in (("GET", "about"), ("POST", "visitor")):
                    here, unknown, by_slug = (
                        told(stranger.request(method, f"/chat/{name}/{what}", headers=PAGE))
                        for name in (tenant.chatbot_id, uuid.uuid4(), "assistant")
                    )
                    assert here[0] == 404
                    assert here == unknown == by_slug
                pages = [stranger.get(f"/chat/{name}") for name in (tenant.chatbot_id, uuid.uuid4())]
                assert pages[0].text == pages[1].text
                policies = {one.headers["content-security-policy"] for one in pages}
                assert policies == {next(iter(policies))}
        assert visitors(owner, tenant) == 0

    def test_archiving_ends_it_as_well(self, api_url: str, tenant: Tenant) -> None:
        publish(tenant)
        with visit(api_url, tenant.chatbot_id) as visitor:
            assert visitor.get("/api/v1/conversations").status_code == 200
            tenant.owner.delete(f"/api/v1/chatbots/{tenant.chatbot_id}")
            assert visitor.get("/api/v1/conversations").status_code == 401

    def test_unpublishing_while_somebody_chats(self, published: Tenant, visitor: httpx2.Client) -> None:
        answer = ask(visitor, QUESTION)
        conversation = answer["conversation_id"]
        bot = f"/api/v1/chatbots/{published.chatbot_id}"
        published.owner.patch(bot, json={"access": "members"})
        for refused in (
            say(visitor, conversation, QUESTION),
            visitor.get(f"/api/v1/conversations/{conversation}/messages"),
            visitor.get(answer["citations"][0]["url"]),
            visitor.get(f"/api/v1/messages/{answer['message_id']}/stream"),
        ):
            assert refused.status_code == 401
        assert visitor.post(f"/chat/{published.chatbot_id}/visitor").status_code == 404
        # The organization keeps what was said; and who was there before goes on when the bot is published again.
        assert published.owner.get(f"/api/v1/conversations/{conversation}/messages").status_code == 200
        published.owner.patch(bot, json={"access": "anyone"})
        assert len(turns(visitor, conversation)) == 2


class TestBeginning:
    def test_looking_at_the_page_makes_no_visitor(self, api_url: str, published: Tenant, owner: Engine) -> None:
        with client(api_url) as crawler:
            assert crawler.get(f"/chat/{published.chatbot_id}").status_code == 200
            about = crawler.get(f"/chat/{published.chatbot_id}/about")
            assert set(about.json()) == {
                "id", "name", "welcome_message", "kept_days", "hands_over", "conversation_id",
            }  # fmt: skip
            assert (about.json()["name"], about.json()["kept_days"]) == ("Assistant", 30)
            assert "set-cookie" not in about.headers
            elsewhere = crawler.post(f"/chat/{published.chatbot_id}/visitor")
            assert (elsewhere.status_code, elsewhere.json()["type"]) == (403, "/problems/not-the-page")
        assert visitors(owner, published) == 0

    def test_the_token_is_in_a_cookie_alone(self, api_url: str, published: Tenant, owner: Engine) -> None:
        with client(api_url) as browser:
            begun = browser.post(f"/chat/{published.chatbot_id}/visitor", headers=PAGE)
        assert (begun.status_code, begun.content) == (204, b"")
        cookie = begun.headers["set-cookie"]
        assert cookie.startswith(f"pixel_visitor_{uuid.UUID(published.chatbot_id).hex}=pv_")
        assert {"HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=2592000"} <= set(cookie.split("; "))
        token = cookie.split("=", 1)[1].split(";")[0]
        with owner_session(owner) as session:
            row = session.scalars(select(Visitor).where(Visitor.organization_id == published.organization.id)).one()
            assert token.encode() not in bytes(row.token_hash)

    def test_a_visit_that_holds_goes_on(self, published: Tenant, visitor: httpx2.Client, owner: Engine) -> None:
        conversation = converse(visitor)
        about = f"/chat/{published.chatbot_id}/about"
        assert visitor.get(about).json()["conversation_id"] == conversation
        assert visitor.get(about, headers={"X-Pixel-Page": "0"}).json()["conversation_id"] is None
        assert visitor.post(f"/chat/{published.chatbot_id}/visitor").status_code == 204
        assert visitors(owner, published) == 1
        assert visitor.get(f"/api/v1/conversations/{conversation}").status_code == 200

    def test_an_address_begins_only_so_many(self, api_url: str, published: Tenant, counted_up: None) -> None:
        with client(api_url) as browser:
            for name in (published.chatbot_id, str(uuid.uuid4())):
                refused = browser.post(f"/chat/{name}/visitor", headers=PAGE)
                assert (refused.status_code, refused.json()["type"]) == (429, "/problems/too-many-visitors")
                assert int(refused.headers["retry-after"]) > 0

    @pytest.fixture
    def counted_up(self, owner: Engine, begin: Visit) -> Iterator[None]:
        """This address has begun as many visits as it may."""
        begin()
        count = text("UPDATE sign_in_attempts SET failures = :count WHERE key = 'visitor:127.0.0.1'")
        with owner_session(owner) as session:
            assert session.execute(count, {"count": 10_000}).rowcount == 1  # type: ignore[attr-defined]
        yield
        with owner_session(owner) as session:
            session.execute(count, {"count": 0})


class TestCredential:
    def test_the_cookie_counts_for_the_pages_own_requests_only(self, published: Tenant, visitor: httpx2.Client) -> None:
        path = "/api/v1/conversations"
        assert visitor.get(path).status_code == 200
        for header in ("X-Pixel-Page", "X-Pixel-Bot"):
            kept = visitor.headers.pop(header)
            assert visitor.get(path).status_code == 401, header
            visitor.headers[header] = kept
        for changed in ({"X-Pixel-Page": "true"}, {"X-Pixel-Bot": str(uuid.uuid4())}, {"X-Pixel-Bot": "x"}):
            assert visitor.get(path, headers=changed).status_code == 401, changed

    def test_the_token_is_no_bearer_token(self, api_url: str, visitor: httpx2.Client) -> None:
        (token,) = visitor.cookies.values()
        with client(api_url, token) as thief:
            assert thief.get("/api/v1/conversations").status_code == 401
            assert thief.get("/api/v1/conversations", headers=dict(visitor.headers)).status_code == 401

    def test_a_token_is_one_bots(self, api_url: str, published: Tenant, make_tenant: MakeTenant) -> None:
        other = make_tenant()
        publish(other)
        with visit(api_url, published.chatbot_id) as visitor, client(api_url) as forger:
            (token,) = visitor.cookies.values()
            name = f"pixel_visitor_{uuid.UUID(other.chatbot_id).hex}"
            headers = {**PAGE, "X-Pixel-Bot": other.chatbot_id, "Cookie": f"{name}={token}"}
            assert forger.get("/api/v1/conversations", headers=headers).status_code == 401

    def test_a_sign_in_on_the_page_is_not_what_a_visit_falls_back_to(
        self, published: Tenant, visitor: httpx2.Client
    ) -> None:
        visitor.cookies.clear()
        visitor.cookies.set("pixel_session", "ps_whatever")
        assert visitor.get("/api/v1/conversations").status_code == 401

    def test_time_ends_a_visit_and_use_prolongs_it(
        self, published: Tenant, visitor: httpx2.Client, owner: Engine
    ) -> None:
        change_visitor(
            owner, published, "last_used_at = now() - interval '29 days', expires_at = now() + interval '1 day'"
        )
        assert visitor.get("/api/v1/conversations").status_code == 200
        with owner_session(owner) as session:
            row = session.scalars(select(Visitor).where(Visitor.organization_id == published.organization.id)).one()
            assert (row.expires_at - row.last_used_at).days == 30
        change_visitor(owner, published, "expires_at = now() - interval '1 second'")
        assert visitor.get("/api/v1/conversations").status_code == 401
        # A fresh visit begins, which sees nothing of the old one.
        assert visitor.post(f"/chat/{published.chatbot_id}/visitor").status_code == 204
        assert visitor.get("/api/v1/conversations").json() == []
