"""How much of a body is read, by route."""

import json
import uuid
from typing import Any

import httpx2
import pytest

from tests.integration.conftest import Tenant, client

JSON = {"Content-Type": "application/json"}
PAGE = {"X-Pixel-Page": "1"}
NOBODY = uuid.UUID(int=1)  # names of tests must be the same in every process that runs them


def large(kilobytes: int, **body: Any) -> bytes:
    """JSON of a size, with a member that no route knows."""
    return json.dumps({**body, "padding": "x" * kilobytes * 1024}).encode()


def told(response: httpx2.Response) -> tuple[int, str]:
    return response.status_code, response.json()["detail"]


class TestWithoutCredential:
    @pytest.mark.parametrize("path", ["/api/v1/sessions", "/chat/session", f"/chat/{NOBODY}/visitor"])
    def test_a_sign_in_is_small(self, api_url: str, path: str) -> None:
        with client(api_url) as anybody:
            refused = anybody.post(path, content=large(17), headers={**JSON, **PAGE})
            assert told(refused)[0] == 413
            assert "16 kB" in told(refused)[1]
            assert anybody.post(path, content=large(15), headers={**JSON, **PAGE}).status_code != 413

    def test_one_of_unknown_length_is_not_read_to_its_end(self, api_url: str) -> None:
        sent = 0

        def pieces() -> Any:
            nonlocal sent
            for _ in range(1000):
                sent += 1
                yield b" " * 4096

        with client(api_url) as anybody:
            response = anybody.post("/api/v1/sessions", content=pieces(), headers=JSON)
        assert told(response)[0] == 413


class TestWithCredential:
    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("POST", "/api/v1/search"),
            ("POST", "/api/v1/chatbots"),
            ("POST", "/api/v1/conversations"),
            ("POST", "/api/v1/documents/bulk"),
            ("POST", "/api/v1/knowledge-bases"),
            ("PATCH", f"/api/v1/documents/{NOBODY}"),
        ],
    )
    def test_json_is_a_megabyte_at_most(self, tenant: Tenant, method: str, path: str) -> None:
        refused = tenant.owner.request(method, path, content=large(1100), headers=JSON)
        assert (refused.status_code, "1 MB" in refused.text) == (413, True)
        assert tenant.owner.request(method, path, content=large(900), headers=JSON).status_code != 413

    def test_sets_of_examples_are_larger(self, tenant: Tenant) -> None:
        path = f"/api/v1/chatbots/{tenant.chatbot_id}/intents/examples"
        examples = [{"text": f"{number} " + "where is my parcel " * 25, "intent": "parcel"} for number in range(3000)]
        body = json.dumps({"examples": examples}).encode()
        assert len(body) > 1_200_000
        assert tenant.owner.post(path, content=body, headers=JSON).status_code == 201
        refused = tenant.owner.post(path, content=large(17 * 1024), headers=JSON)
        assert (refused.status_code, "16 MB" in refused.text) == (413, True)

    def test_files_are_as_large_as_the_setting_says(self, tenant: Tenant) -> None:
        path = f"/api/v1/knowledge-bases/{tenant.knowledge_base_id}/documents"
        text = ("The warranty is 36 months. " * 60_000).encode()
        assert tenant.owner.post(path, files={"file": ("a.md", text, "text/markdown")}).status_code == 202
        refused = tenant.owner.post(path, files={"file": ("a.md", text * 2, "text/markdown")})
        assert (refused.status_code, "3 MB" in refused.text) == (413, True)
