"""An answer takes few ways to the database: each costs more than all the rest of a token."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from benchmarks.serving.upstreams.server import Upstream
from tests.integration.conftest import Tenant
from tests.integration.serving.models.conftest import add_model, connect, route, vllm

__all__ = ["vllm"]

# Authentication; bot with its models, question with the place of its answer; message's end, receipt with event.
MOST = 5


@contextmanager
def statements() -> Iterator[list[str]]:
    """The statements of every engine of this process, in order."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        seen.append(" ".join(statement.split()))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", note)


@pytest.mark.filterwarnings("error::sqlalchemy.exc.SAWarning")
def test_a_stateless_answer_of_a_model_is_few_statements(informed: Tenant, vllm: Upstream) -> None:
    bot = route(informed, add_model(informed, connect(informed, vllm)))
    plain = {"answers_from": "model", "knowledge_base_ids": []}
    assert informed.owner.patch(f"/api/v1/chatbots/{bot['id']}", json=plain).status_code == 200
    body = {"model": bot["slug"], "messages": [{"role": "user", "content": "Hello there"}]}
    assert informed.owner.post("/v1/chat/completions", json=body).status_code == 200
    with statements() as seen:
        response: httpx2.Response = informed.owner.post("/v1/chat/completions", json=body)
    assert response.status_code == 200
    # What runs beside answers is none of theirs.
    own = [one for one in seen if "pg_notify" not in one and "leased_until" not in one.partition("SET")[2][:40]]
    own = [one for one in own if "index_models()" not in one and not one.startswith("SELECT count(")]
    assert len(own) <= MOST, "\n".join(own)
