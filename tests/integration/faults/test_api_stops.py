"""The API is told to stop, or is ended by force, while it answers."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
from sqlalchemy import Engine, text

from tests.factories.installation import Customer, Installation
from tests.integration.faults.asking import POLICY, QUESTION, events

EXITS_WITHIN_S = 35


@contextmanager
def receipts_held(ledger: Engine) -> Iterator[None]:
    """No answer can be completed meanwhile: its receipt waits for a lock."""
    with ledger.connect() as connection, connection.begin():
        connection.execute(text("LOCK TABLE receipts IN ACCESS EXCLUSIVE MODE"))
        yield


def informed(installation: Installation) -> Customer:
    customer = installation.customer()
    with customer.client() as client:
        document = customer.upload(client, "policy.md", POLICY.encode()).json()["document_id"]
        assert customer.wait_until_read(client, {document}, seconds=60) == {document: "ready"}
    return customer


class Stream:
    """A client in a thread that reads one stream to its end."""

    def __init__(self, customer: Customer) -> None:
        self.body = ""
        self.broken: httpx2.TransportError | None = None
        self._customer = customer
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self) -> None:
        with self._customer.client() as client:
            started = client.post("/api/v1/conversations", json={"chatbot_id": self._customer.chatbot_id})
            path = f"/api/v1/conversations/{started.json()['id']}/messages"
            try:
                with client.stream("POST", path, json={"content": QUESTION, "stream": True}) as response:
                    for piece in response.iter_text():
                        self.body += piece
            except httpx2.TransportError as error:
                self.broken = error

    def wait_for(self, name: str) -> None:
        """Wait until an event has come."""
        deadline = time.monotonic() + 30
        while name not in [seen for seen, _ in events(self.body)]:
            assert time.monotonic() < deadline, self.body
            time.sleep(0.02)

    def join(self) -> None:
        """Wait for the end."""
        self._thread.join(timeout=60)
        assert not self._thread.is_alive()


class TestSigterm:
    def test_lets_a_stream_finish_and_exits_in_time(self, installation: Installation, ledger: Engine) -> None:
        customer = informed(installation)
        process = installation.processes["api"]
        with receipts_held(ledger):
            stream = Stream(customer)
            stream.wait_for("answer.citation")
            started = time.monotonic()
            process.terminate()
            time.sleep(2)
            assert process.poll() is None
            refused = False
            try:
                httpx2.get(f"{installation.url}/health", timeout=2)
            except httpx2.TransportError:
                refused = True
        stream.join()
        # The server ends itself with the signal that it was given, once all is done.
        assert process.wait(EXITS_WITHIN_S) in (0, -signal.SIGTERM)
        assert time.monotonic() - started < EXITS_WITHIN_S
        assert refused, "a stopping API took a new request"
        assert stream.broken is None
        assert [name for name, _ in events(stream.body)][-1] == "answer.completed"

    def test_a_stream_that_does_not_end_holds_nobody_up(self, installation: Installation, ledger: Engine) -> None:
        customer = informed(installation)
        process = installation.processes["api"]
        with receipts_held(ledger):
            stream = Stream(customer)
            stream.wait_for("answer.citation")
            started = time.monotonic()
            process.terminate()
            process.wait(EXITS_WITHIN_S)
        assert time.monotonic() - started < EXITS_WITHIN_S
        stream.join()


class TestSigkill:
    def test_an_answer_that_was_cut_off_is_named_so_after_the_restart(
        self, installation: Installation, ledger: Engine
    ) -> None:
        customer = informed(installation)
        process = installation.processes["api"]
        with receipts_held(ledger):
            stream = Stream(customer)
            stream.wait_for("answer.citation")
            os.kill(process.pid, signal.SIGKILL)
            process.wait(10)
        stream.join()
        answer = events(stream.body)[0][1]
        with ledger.begin() as connection:
            state = connection.scalar(
                text("SELECT state FROM messages WHERE id = cast(:id AS uuid)"), {"id": answer["message_id"]}
            )
            assert state == "streaming"
        installation.start_api()
        path = f"/api/v1/conversations/{answer['conversation_id']}/messages"
        with customer.client() as client:
            deadline = time.monotonic() + 60  # its lease must run out first
            while (last := client.get(path).json()[-1])["state"] == "streaming":
                assert time.monotonic() < deadline
                time.sleep(0.1)
            assert last["state"] == "interrupted"
            assert client.get(f"/api/v1/messages/{answer['message_id']}/receipt").status_code == 404
            resumed = client.get(answer["stream_url"])
            assert [name for name, _ in events(resumed.text)][1] == "answer.reset"
            assert client.get(f"/api/v1/messages/{answer['message_id']}/receipt").status_code == 200
            again = client.post(path, json={"content": QUESTION})
            assert again.status_code == 200, again.text
