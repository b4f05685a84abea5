"""Every route: no work without a credential, nothing of another organization, nothing beyond the role."""

import uuid
from typing import Any

import httpx2
import pytest

from serving.accounts.authentication import PUBLIC_ROUTES
from serving.app import create_app
from storage.postgres.models.member import Role
from tests.integration.conftest import MakeTenant, Tenant, ask, client, publish, upload, visit


def routes() -> list[tuple[str, str]]:
    """Method and path template of every route in the OpenAPI description."""
    paths = create_app().openapi()["paths"]
    return sorted((method.upper(), path) for path, methods in paths.items() for method in methods)


PRIVATE = [route for route in routes() if route not in PUBLIC_ROUTES]
HOSTILE = b'{"content": ' + b"[" * 100_000


def fill(path: str, values: dict[str, str]) -> str:
    """A path template with ids in it; unknown parameters get a fresh id."""
    return "/".join(
        values.get(part[1:-1], str(uuid.uuid4())) if part.startswith("{") else part for part in path.split("/")
    )


class TestWithoutCredential:
    @pytest.mark.parametrize(("method", "path"), PRIVATE)
    def test_the_answer_is_401_whatever_the_body(self, api_url: str, method: str, path: str) -> None:
        with client(api_url) as anonymous:
            response = anonymous.request(method, fill(path, {}), content=HOSTILE)
        assert response.status_code == 401
        assert response.headers["www-authenticate"] == "Bearer"

    @pytest.mark.parametrize(
        "header",
        [
            "",
            "Bearer",
            "Basic abc",
            "Bearer pk_short",
            "Bearer ps_unknown",
            "bearer null",
            "Bearer " + "x" * 300,
        ],
    )
    def test_no_malformed_credential_passes(self, api_url: str, header: str) -> None:
        with httpx2.Client(base_url=api_url) as anonymous:
            assert anonymous.get("/api/v1/me", headers={"Authorization": header}).status_code == 401

    def test_a_key_with_another_secret_is_refused(self, api_url: str, tenant: Tenant) -> None:
        forged = tenant.keys[Role.OWNER][:-1] + ("a" if tenant.keys[Role.OWNER][-1] != "a" else "b")
        with client(api_url, forged) as stranger:
            assert stranger.get("/api/v1/me").status_code == 401

    def test_the_body_is_not_even_read(self, api_url: str) -> None:
        def endless() -> Any:
            yield b"{"
            raise AssertionError("the server asked for more of the body")

        with client(api_url) as anonymous:
            response = anonymous.post(
                "/api/v1/conversations", content=b"{", headers={"Content-Length": "1", "Expect": "100-continue"}
            )
        assert response.status_code == 401


class TestForeignIds:
    def test_ids_of_another_organization_look_unknown(self, informed: Tenant, make_tenant: MakeTenant) -> None:
        answer = ask(informed, "How long is the warranty of the K5 grinder?")
        source = {"knowledge_base_id": informed.knowledge_base_id, "name": "s", "kind": "sitemap"}
        made = informed.owner.post("/api/v1/sources", json={**source, "settings": {"url": "https://example.com/s.xml"}})
        erased = informed.owner.post("/api/v1/erasures", json={"kind": "subject", "subject": str(uuid.uuid4())})
        connection = informed.owner.post("/api/v1/model-connections", json={"name": "c", "provider": "ollama"})
        model = informed.owner.post("/api/v1/models", json={"connection_id": connection.json()["id"], "name": "m"})
        handover = informed.owner.post(f"/api/v1/conversations/{answer['conversation_id']}/handover", json={})
        opening = {"chatbot_id": informed.chatbot_id, "name": "n", "messages": ["Hello"]}
        reply = {"shortcut": "s", "title": "t", "text": "x"}
        theirs = {
            "handover_id": handover.json()["id"],
            "conversation_template_id": informed.owner.post("/api/v1/conversation-templates", json=opening).json()[
                "id"
            ],
            "canned_reply_id": informed.owner.post("/api/v1/canned-replies", json=reply).json()["id"],
            "connection_id": connection.json()["id"],
            "model_id": model.json()["id"],
            "erasure_id": erased.json()["id"],
            "source_id": made.json()["id"],
            "conversation_id": answer["conversation_id"],
            "message_id": answer["message_id"],
            "chunk_id": answer["citations"][0]["chunk_id"],
            "document_id": answer["citations"][0]["document_id"],
            "chatbot_id": informed.chatbot_id,
            "knowledge_base_id": informed.knowledge_base_id,
            "label_id": informed.owner.post(
                "/api/v1/retrieval-labels",
                json={"query": "q", "relevance": 1, "chunk_id": answer["citations"][0]["chunk_id"]},
            ).json()["id"],
            "group_id": informed.owner.post("/api/v1/groups", json={"name": "g", "slug": "g"}).json()["id"],
            "index_version_id": informed.owner.get("/api/v1/index-versions").json()[0]["id"],
            "key_id": informed.owner.get("/api/v1/api-keys").json()[0]["id"],
        }
        bodies: dict[str, Any] = {
            "messages": {"content": "hello"},
            "edit": {"content": "hello"},
            "replies": {"content": "hello"},
            "branch": {"message_id": answer["message_id"]},
            "feedback": {"rating": 1},
        }
        stranger = make_tenant()
        tried = 0
        for method, path in PRIVATE:
            names = [part[1:-1] for part in path.split("/") if part.startswith("{")]
            if not names or names[0] not in theirs:
                continue
            body = bodies.get(path.rsplit("/", 1)[-1], {})
            for role in Role:
                sender = stranger.clients[role]
                foreign = sender.request(method, fill(path, theirs), json=body)
                unknown = sender.request(method, fill(path, {}), json=body)
                assert foreign.status_code in (403, 404, 422), (method, path, role, foreign.text)
                assert (foreign.status_code, foreign.json()) == (unknown.status_code, unknown.json()), (method, path)
                tried += 1
        assert tried >= 60
        assert informed.owner.get(answer["receipt_url"]).json()["feedback"] == []

    def test_a_bot_cannot_be_given_a_foreign_knowledge_base(self, tenant: Tenant, make_tenant: MakeTenant) -> None:
        stranger = make_tenant()
        response = stranger.owner.post(
            "/api/v1/chatbots", json={"name": "x", "slug": "x", "knowledge_base_ids": [tenant.knowledge_base_id]}
        )
        assert response.status_code == 400
        assert tenant.knowledge_base_id in response.json()["detail"]

    def test_ownership_cannot_be_sent_along(self, tenant: Tenant, make_tenant: MakeTenant) -> None:
        stranger = make_tenant()
        for field in ("organization_id", "id", "created_by", "role"):
            response = tenant.owner.post(
                "/api/v1/knowledge-bases",
                json={"name": "x", "slug": f"x-{field}".replace("_", "-"), field: str(stranger.organization.id)},
            )
            assert response.status_code == 422
            assert response.json()["errors"][0]["field"] == f"body.{field}"


class TestRoles:
    @pytest.mark.parametrize(
        ("method", "path", "body", "allowed"),
        [
            ("GET", "/api/v1/members", None, {"owner", "builder", "analyst"}),
            ("GET", "/api/v1/api-keys", None, {"owner"}),
            ("PATCH", "/api/v1/organizations/current", {}, {"owner"}),
            ("GET", "/api/v1/chatbots", None, {"owner", "builder", "analyst", "agent", "viewer"}),
            ("POST", "/api/v1/chatbots", {"name": "A", "slug": "BAD"}, {"owner", "builder"}),
            ("POST", "/api/v1/knowledge-bases", {"name": "A", "slug": "BAD"}, {"owner", "builder"}),
            ("GET", "/api/v1/erasures", None, {"owner"}),
            ("GET", "/api/v1/handovers", None, {"owner", "builder", "analyst", "agent"}),
            ("GET", "/api/v1/handovers/counts", None, {"owner", "builder", "analyst", "agent"}),
            ("GET", "/api/v1/canned-replies", None, {"owner", "builder", "analyst", "agent"}),
            ("POST", "/api/v1/canned-replies", {"shortcut": "BAD"}, {"owner", "builder", "analyst", "agent"}),
            ("GET", "/api/v1/conversation-templates", None, {"owner", "builder", "analyst", "agent", "viewer"}),
            ("POST", "/api/v1/conversation-templates", {"name": "A"}, {"owner", "builder"}),
            ("POST", "/api/v1/erasures", {"kind": "document", "subject": "x"}, {"owner"}),
            ("GET", "/api/v1/model-connections", None, {"owner"}),
            ("POST", "/api/v1/model-connections", {"name": "A", "provider": "nobody"}, {"owner"}),
            ("GET", "/api/v1/models", None, {"owner", "builder"}),
            ("GET", "/api/v1/models/health", None, {"owner", "builder"}),
            ("POST", "/api/v1/models", {"name": "A"}, {"owner"}),
            ("GET", "/api/v1/feedback", None, {"owner", "builder", "analyst", "agent"}),
        ],
    )
    def test_a_role_may_do_what_it_may_and_no_more(
        self, tenant: Tenant, method: str, path: str, body: Any, allowed: set[str]
    ) -> None:
        for role, sender in tenant.clients.items():
            status = sender.request(method, path, json=body).status_code
            assert (status != 403) == (role.value in allowed), (role, status)


# What asks the bot: for who began the conversation alone, whoever else may read it.
ASKS: list[tuple[str, dict[str, str]]] = [
    ("/api/v1/conversations/{conversation_id}/messages", {"content": "Hello"}),
    ("/api/v1/messages/{question_id}/edit", {"content": "Hello"}),
    ("/api/v1/messages/{message_id}/retry", {}),
]
# What stays for whoever may read it.
READS = [
    "/api/v1/conversations/{conversation_id}",
    "/api/v1/conversations/{conversation_id}/messages",
    "/api/v1/messages/{message_id}/stream",
    "/api/v1/messages/{message_id}/citations",
    "/api/v1/messages/{message_id}/receipt",
]


class TestOthersConversations:
    @pytest.mark.parametrize("by", list(Role))
    @pytest.mark.parametrize("of", list(Role))
    def test_each_role_in_a_conversation_of_each(self, informed: Tenant, of: Role, by: Role) -> None:
        answer = ask(informed, "How long is the warranty of the K5 grinder?", role=of)
        sender = informed.clients[by]
        is_own, is_hidden = by == of, by == Role.VIEWER != of
        for path, body in ASKS:
            status = sender.post(fill(path, answer), json=body).status_code
            assert status == (200 if is_own else 404 if is_hidden else 403), (path, of, by)
        for path in READS:
            assert sender.get(fill(path, answer)).status_code == (404 if is_hidden else 200), (path, of, by)
        handover = sender.post(fill("/api/v1/conversations/{conversation_id}/handover", answer), json={})
        assert handover.status_code == (404 if is_hidden else 201)


# All that a visitor may do; a route that is not here is closed to them.
OF_VISITORS = {
    ("DELETE", "/chat/{bot}/visitor"),
    ("GET", "/api/v1/conversations"),
    ("GET", "/api/v1/conversations/{conversation_id}"),
    ("GET", "/api/v1/conversations/{conversation_id}/messages"),
    ("GET", "/api/v1/messages/{message_id}/citations"),
    ("GET", "/api/v1/messages/{message_id}/stream"),
    ("GET", "/api/v1/passages/{chunk_id}"),
    ("POST", "/api/v1/conversations"),
    ("POST", "/api/v1/conversations/{conversation_id}/branch"),
    ("POST", "/api/v1/conversations/{conversation_id}/handover"),
    ("POST", "/api/v1/conversations/{conversation_id}/messages"),
    ("POST", "/api/v1/messages/{message_id}/edit"),
    ("POST", "/api/v1/messages/{message_id}/retry"),
    ("POST", "/api/v1/messages/{message_id}/stop"),
    ("PUT", "/api/v1/messages/{message_id}/feedback"),
}


class TestVisitors:
    def test_every_other_route_is_closed(self, api_url: str, tenant: Tenant) -> None:
        publish(tenant)
        assert set(PRIVATE) >= OF_VISITORS
        with visit(api_url, tenant.chatbot_id) as visitor:
            for method, path in PRIVATE:
                known = {"chatbot_id": tenant.chatbot_id, "knowledge_base_id": tenant.knowledge_base_id, "bot": "x"}
                answer = visitor.request(method, fill(path, known), json={})
                if (method, path) in OF_VISITORS:
                    assert answer.status_code in (200, 404, 422), (method, path, answer.text)
                else:
                    assert answer.status_code == 403, (method, path, answer.text)

    def test_ids_of_others_look_unknown(self, api_url: str, informed: Tenant) -> None:
        publish(informed)
        answer = ask(informed, "How long is the warranty of the K5 grinder?")
        theirs = {
            "conversation_id": answer["conversation_id"],
            "message_id": answer["message_id"],
            "chunk_id": answer["citations"][0]["chunk_id"],
        }
        bodies: dict[str, Any] = {
            "messages": {"content": "hello"},
            "edit": {"content": "hello"},
            "branch": {"message_id": answer["message_id"]},
            "feedback": {"rating": 1},
        }
        with visit(api_url, informed.chatbot_id) as visitor:
            for method, path in sorted(OF_VISITORS):
                if "_id}" not in path:
                    continue
                body = bodies.get(path.rsplit("/", 1)[-1], {})
                foreign = visitor.request(method, fill(path, theirs), json=body)
                unknown = visitor.request(method, fill(path, {}), json=body)
                assert foreign.status_code == 404, (method, path, foreign.text)
                assert (foreign.status_code, foreign.json()) == (unknown.status_code, unknown.json()), (method, path)
        assert informed.owner.get(answer["receipt_url"]).json()["feedback"] == []


class TestMalformed:
    def test_broken_json_names_the_body(self, tenant: Tenant) -> None:
        response = tenant.owner.post(
            "/api/v1/chatbots", content=b'{"name": ', headers={"Content-Type": "application/json"}
        )
        assert response.status_code == 422
        assert response.headers["content-type"] == "application/problem+json"
        assert response.json()["errors"][0]["field"] == "body"

    def test_a_bomb_of_brackets_is_a_422(self, tenant: Tenant) -> None:
        response = tenant.owner.post("/api/v1/chatbots", content=HOSTILE, headers={"Content-Type": "application/json"})
        assert response.status_code == 422

    def test_an_unknown_route_is_a_problem_too(self, tenant: Tenant) -> None:
        response = tenant.owner.get("/api/v1/nothing-here")
        assert (response.status_code, response.headers["content-type"]) == (404, "application/problem+json")

    def test_a_wrong_method_is_a_problem_too(self, tenant: Tenant) -> None:
        assert tenant.owner.put("/api/v1/me").status_code == 405

    def test_an_id_that_is_none_is_named(self, tenant: Tenant) -> None:
        response = tenant.owner.get("/api/v1/documents/not-an-id")
        assert response.status_code == 422
        assert response.json()["errors"][0]["field"] == "path.document_id"

    def test_an_upload_over_the_limit_is_a_413(self, tenant: Tenant) -> None:
        response = tenant.owner.post(
            f"/api/v1/knowledge-bases/{tenant.knowledge_base_id}/documents",
            files={"file": ("big.txt", b"x" * (2 * 1024 * 1024 + 1), "text/plain")},
        )
        assert response.status_code == 413
        assert "PIXEL_API_MAX_UPLOAD_MB" in response.json()["detail"]

    def test_an_upload_with_a_hostile_name_is_kept_as_a_name(self, tenant: Tenant) -> None:
        accepted = upload(tenant, "../../etc/passwd", b"Some text that is long enough to be read.")
        shown = tenant.owner.get(f"/api/v1/documents/{accepted['document_id']}").json()
        assert "passwd" in shown["name"]


class TestHealth:
    def test_both_answer_without_a_credential(self, api_url: str) -> None:
        with client(api_url) as anonymous:
            assert anonymous.get("/health").json() == {"status": "ok"}
            assert anonymous.get("/ready").json() == {"status": "ready"}
            assert anonymous.get("/openapi.json").status_code == 200
