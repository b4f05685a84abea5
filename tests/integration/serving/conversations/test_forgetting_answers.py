"""What is erased is forgotten by every API process: answers that lie in memory are found by no search of the stores."""

import time
import uuid
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from sqlalchemy import Engine, text

from ingestion.erasing import request_erasure, run_next
from storage.postgres.models.erasure import ErasureKind
from storage.postgres.models.member import Role
from storage.postgres.session import owner_session
from storage.settings import StorageSettings
from storage.stores import Stores
from tests.factories.knowledge import FAST
from tests.integration.conftest import Tenant, client, publish, running_api, start_conversation, visit
from tests.integration.serving.conversations.test_answering import events
from tests.integration.serving.traffic.test_traffic import metric
from tests.integration.serving.visitors.talking import ask as ask_as_visitor

QUESTION = "How long is the warranty of the K5 grinder?"
# Promptly: news take milliseconds, and this machine may be busy.
SOON_S = 5.0


@pytest.fixture(scope="module")
def other_url(settings: StorageSettings) -> Iterator[str]:
    """A second API process on the same database."""
    with running_api(settings) as url:
        yield url


@pytest.fixture
def there(informed: Tenant, other_url: str) -> Iterator[httpx2.Client]:
    """The tenant's owner at the second process, where one answer lies in the cache."""
    with client(other_url, informed.keys[Role.OWNER]) as program:
        ask(program, informed)
        yield program


def ask(program: httpx2.Client, tenant: Tenant) -> Any:
    """Ask at some process; the whole answer."""
    conversation = start_conversation(tenant)
    response = program.post(f"/api/v1/conversations/{conversation}/messages", json={"content": QUESTION})
    assert response.status_code == 200, response.text
    return response.json()


def kept(url: str) -> float:
    """Bytes of answers in a process's cache."""
    return metric(url, "pixel_answer_cache_bytes")


def is_soon_empty(url: str, *, within_s: float = SOON_S) -> bool:
    """Whether a process forgets its answers."""
    deadline = time.monotonic() + within_s
    while kept(url) and time.monotonic() < deadline:
        time.sleep(0.05)
    return kept(url) == 0


@pytest.mark.usefixtures("there")
class TestOtherProcess:
    def test_forgets_when_an_erasure_is_asked_for_over_the_api(self, informed: Tenant, other_url: str) -> None:
        listed = informed.owner.get(f"/api/v1/knowledge-bases/{informed.knowledge_base_id}/documents").json()
        assert kept(other_url) > 0
        body = {"kind": "document", "subject": listed[0]["id"]}
        assert informed.owner.post("/api/v1/erasures", json=body).status_code == 202
        assert is_soon_empty(other_url)

    def test_forgets_when_it_is_asked_for_and_again_when_it_is_done_beside_the_api(
        self, informed: Tenant, other_url: str, there: httpx2.Client, stores: Stores
    ) -> None:
        somebody = str(uuid.uuid4())
        with owner_session(stores.owner) as session:
            request_erasure(session, informed.organization.id, kind=ErasureKind.SUBJECT, subject=somebody)
        assert is_soon_empty(other_url)
        ask(there, informed)
        assert kept(other_url) > 0
        assert run_next(stores, "tester", settings=FAST, organization_id=informed.organization.id)
        assert is_soon_empty(other_url)

    def test_forgets_a_visitors_chat(self, informed: Tenant, api_url: str, other_url: str) -> None:
        publish(informed)
        with visit(other_url, informed.chatbot_id) as visitor:
            ask_as_visitor(visitor, QUESTION)
            assert kept(other_url) > 0
            with httpx2.Client(base_url=api_url, headers=visitor.headers, cookies=visitor.cookies, timeout=60) as here:
                assert here.delete(f"/chat/{informed.chatbot_id}/visitor").status_code == 204
        assert is_soon_empty(other_url)

    def test_forgets_everything_when_it_may_have_missed_the_news(self, app: Engine, other_url: str) -> None:
        assert kept(other_url) > 0
        with app.begin() as connection:
            connection.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'pixel-api-listener'"
                )
            )
        assert is_soon_empty(other_url, within_s=20)


class TestReadAgain:
    def test_a_finished_answer_is_told_from_what_is_left_of_it(self, informed: Tenant, stores: Stores) -> None:
        path = f"/api/v1/conversations/{start_conversation(informed)}/messages"
        whole = events(informed.owner.post(path, json={"content": QUESTION, "stream": True}))
        assert "60 months" in whole[-1][1]["content"]
        document = whole[-1][1]["citations"][0]["document_id"]
        body = {"kind": "document", "subject": document}
        assert informed.owner.post("/api/v1/erasures", json=body).status_code == 202
        assert run_next(stores, "tester", settings=FAST, organization_id=informed.organization.id)
        again = informed.owner.get(whole[0][1]["stream_url"])
        assert events(again)[-1][0] == "answer.completed"
        assert "60 months" not in again.text
