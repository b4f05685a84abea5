"""PostgreSQL stops in the middle of load and comes back."""

import threading
import time
from collections.abc import Callable

import pytest
from sqlalchemy import Engine, text

from storage.postgres import embedded
from tests.factories.installation import Customer, Installation
from tests.integration.faults.asking import POLICY, Seen, ask, events, request

LONGEST_S = 10
AWAY_S = 4


class Load:
    """Threads that ask and upload until they are told to stop."""

    def __init__(self, customers: tuple[Customer, ...]) -> None:
        self.seen: list[Seen] = []
        self.uploaded: list[tuple[Customer, str]] = []
        self._stop = threading.Event()
        kinds: list[Callable[[Customer], None]] = [self._asks, self._streams, self._uploads, self._lists]
        self._threads = [threading.Thread(target=kind, args=(one,)) for one in customers for kind in kinds]

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout=90)
            assert not thread.is_alive()

    def _asks(self, customer: Customer) -> None:
        with customer.client() as client:
            while not self._stop.is_set():
                self.seen += ask(client, customer)

    def _streams(self, customer: Customer) -> None:
        with customer.client() as client:
            while not self._stop.is_set():
                self.seen += ask(client, customer, stream=True)

    def _lists(self, customer: Customer) -> None:
        with customer.client() as client:
            while not self._stop.wait(0.05):
                self.seen.append(request(client, "list", "GET", "/api/v1/conversations"))
                self.seen.append(request(client, "models", "GET", "/v1/models"))

    def _uploads(self, customer: Customer) -> None:
        path = f"/api/v1/knowledge-bases/{customer.knowledge_base_id}/documents"
        with customer.client() as client:
            number = 0
            while not self._stop.wait(0.3):
                number += 1
                data = f"# Note {number}\n\nShelf number {number} holds the spare part {number * 7}.\n"
                name = f"note-{number}.md"
                seen = request(client, "upload", "POST", path, files={"file": (name, data.encode(), "text/markdown")})
                self.seen.append(seen)
                if seen.status == 202:
                    self.uploaded.append((customer, seen.json()["document_id"]))


@pytest.mark.parametrize("immediate", [False, True], ids=["stopped", "crashed"])
def test_fails_clearly_recovers_by_itself_and_loses_nothing(
    installation: Installation, ledger: Engine, immediate: bool
) -> None:
    customers = (installation.customer(), installation.customer())
    for customer in customers:
        with customer.client() as client:
            document = customer.upload(client, "policy.md", POLICY.encode()).json()["document_id"]
            assert customer.wait_until_read(client, {document}, seconds=60) == {document: "ready"}
    processes = dict(installation.processes)

    with Load(customers) as load:
        time.sleep(2)
        embedded.stop(installation.settings, immediate=immediate)
        stopped = len(load.seen)
        time.sleep(AWAY_S)
        during = load.seen[stopped:]
        embedded.start(installation.settings)
        time.sleep(4)
        recovered = load.seen[-10:]

    # While it is away: a clear refusal, soon.
    assert any(seen.status == 503 for seen in during)
    assert [seen for seen in load.seen if seen.broken] == []
    assert max(seen.seconds for seen in load.seen) < LONGEST_S
    assert {seen.status for seen in load.seen} <= {200, 201, 202, 503}
    for seen in load.seen:
        if seen.status == 503:
            assert int(seen.headers["retry-after"]) >= 1
            expected = "application/json" if seen.kind == "models" else "application/problem+json"
            assert seen.headers["content-type"] == expected
    # Every stream ends with its answer or says why not.
    streams = [events(seen.body) for seen in load.seen if seen.kind == "stream" and seen.status == 200]
    for stream in streams:
        name, data = stream[-1]
        assert name == "answer.completed" or (name == "error" and data["status"] == 503)

    # It is back: the same processes work on.
    assert all(seen.status in (200, 201, 202) for seen in recovered)
    assert all(process.poll() is None for process in processes.values())
    for customer in customers:
        accepted = {document for owner, document in load.uploaded if owner is customer}
        assert accepted
        with customer.client() as client:
            states = customer.wait_until_read(client, accepted, seconds=120)
            assert states == dict.fromkeys(accepted, "ready")

    # Every answer that a client was given is stored with its receipt.
    answers = [seen.json() for seen in load.seen if seen.kind == "ask" and seen.status == 200]
    answers += [stream[-1][1] for stream in streams if stream[-1][0] == "answer.completed"]
    given = {answer["message_id"]: answer["content"] for answer in answers}
    assert given
    statement = text(
        "SELECT m.id::text, m.content FROM messages m JOIN receipts r ON r.message_id = m.id WHERE m.state = 'complete'"
    )
    with ledger.connect() as connection:
        stored = {row.id: row.content for row in connection.execute(statement)}
    assert given.items() <= stored.items()
