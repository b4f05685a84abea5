"""Cookies over HTTPS: none that another host could have planted counts."""

import uuid
from collections.abc import Iterator

import httpx2
import pytest

from storage.postgres.models.member import Role
from storage.settings import StorageSettings
from tests.integration.conftest import Tenant, client
from tests.integration.serving.chat_page.conftest import PASSWORD
from tests.integration.serving.test_server import serving

SECURE = {"X-Pixel-Page": "1", "X-Forwarded-Proto": "https"}


@pytest.fixture
def browser(settings: StorageSettings) -> Iterator[httpx2.Client]:
    """Of an API behind a proxy that speaks HTTPS."""
    with serving(settings, trusted_proxies="127.0.0.1") as url, client(url) as opened:
        opened.headers.update(SECURE)
        yield opened


def set_cookie(response: httpx2.Response) -> tuple[str, str, set[str]]:
    """Name, value and attributes of the cookie that a response sets."""
    assert response.status_code == 204, response.text
    first, *attributes = response.headers["set-cookie"].split("; ")
    name, _, value = first.partition("=")
    return name, value, {one.lower() for one in attributes}


class TestHostOnly:
    def test_a_visits_cookie(self, published: Tenant, browser: httpx2.Client) -> None:
        name, token, attributes = set_cookie(browser.post(f"/chat/{published.chatbot_id}/visitor"))
        plain = f"pixel_visitor_{uuid.UUID(published.chatbot_id).hex}"
        assert name == f"__Host-{plain}"
        assert {"secure", "path=/", "httponly"} <= attributes
        assert not any(one.startswith("domain") for one in attributes)
        browser.cookies.clear()
        browser.headers["X-Pixel-Bot"] = published.chatbot_id
        for sent, expected in ((plain, 401), (name, 200)):
            read = browser.get("/api/v1/conversations", headers={"Cookie": f"{sent}={token}"})
            assert read.status_code == expected, sent
        about = browser.get(f"/chat/{published.chatbot_id}/about", headers={"Cookie": f"{plain}={token}"})
        assert about.json()["conversation_id"] is None
        both = f"{plain}=pv_planted; {name}={token}"
        gone = browser.delete(f"/chat/{published.chatbot_id}/visitor", headers={"Cookie": both})
        assert set_cookie(gone)[0] == name
        assert {"secure", "max-age=0"} <= set_cookie(gone)[2]

    def test_a_sessions_cookie(self, published: Tenant, browser: httpx2.Client) -> None:
        email = f"ada-{uuid.uuid4().hex[:8]}@example.com"
        member = {"email": email, "name": "Ada", "password": PASSWORD, "role": Role.VIEWER.value}
        assert published.owner.post("/api/v1/members", json=member).status_code == 201
        opened = browser.post("/chat/session", json={"email": email, "password": PASSWORD})
        name, token, attributes = set_cookie(opened)
        assert name == "__Host-pixel_session"
        assert {"secure", "path=/", "httponly", "samesite=strict"} <= attributes
        browser.cookies.clear()
        assert browser.get("/api/v1/me", headers={"Cookie": f"pixel_session={token}"}).status_code == 401
        assert browser.get("/api/v1/me", headers={"Cookie": f"{name}={token}"}).status_code == 200
        ended = browser.delete("/chat/session", headers={"Cookie": f"{name}={token}"})
        assert set_cookie(ended)[0] == name
        assert "secure" in set_cookie(ended)[2]
