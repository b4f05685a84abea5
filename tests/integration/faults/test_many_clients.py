"""Many clients of two organizations at once: some leave in the middle, none sees what is not theirs."""

import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest
from sqlalchemy import Engine, text

from tests.factories.installation import Customer, Installation
from tests.integration.faults.asking import POLICY, ask

CLIENTS = 40
DISCONNECTS = 200
MOST_CONNECTIONS = 20
QUESTION = "Where does the company keep its spare key?"


@pytest.fixture
def customers(installation: Installation) -> tuple[Customer, Customer]:
    """Two organizations whose documents differ in their marker only."""
    made = (installation.customer("Red"), installation.customer("Blue"))
    for customer in made:
        data = (
            f"{POLICY}\n# Keys\n\nThe company keeps its spare key behind the {marker(customer)} door of the workshop.\n"
        )
        with customer.client() as client:
            document = customer.upload(client, "keys.md", data.encode()).json()["document_id"]
            assert customer.wait_until_read(client, {document}, seconds=60) == {document: "ready"}
    return made


def marker(customer: Customer) -> str:
    return f"{customer.organization.name.lower()}marker"


class TestConcurrentOrganizations:
    def test_no_answer_holds_the_text_of_the_other(self, customers: tuple[Customer, Customer]) -> None:
        barrier = threading.Barrier(CLIENTS)

        def client_of(customer: Customer) -> list[tuple[Customer, str, list[str]]]:
            got = []
            with customer.client() as client:
                barrier.wait(timeout=60)
                for number in range(3):
                    seen = ask(client, customer, QUESTION, stream=number == 2)
                    assert [one.status for one in seen] == [201, 200], seen
                    listed = client.get("/api/v1/conversations", params={"limit": 200})
                    got.append((customer, seen[-1].body, [one["id"] for one in listed.json()]))
            return got

        with ThreadPoolExecutor(CLIENTS) as pool:
            results = list(pool.map(client_of, customers * (CLIENTS // 2)))
        conversations: dict[str, set[str]] = {marker(customer): set() for customer in customers}
        for customer, body, listed in (entry for result in results for entry in result):
            (other,) = {marker(one) for one in customers} - {marker(customer)}
            assert marker(customer) in body
            assert other not in body
            conversations[marker(customer)].update(listed)
        red, blue = conversations.values()
        assert red
        assert blue
        assert not red & blue


class TestDisconnects:
    def test_two_hundred_leave_nothing_open(
        self, installation: Installation, ledger: Engine, customers: tuple[Customer, Customer]
    ) -> None:
        chance = random.Random(20_26)  # noqa: S311 - moments of leaving, not secrets

        def leave_early(customer: Customer, after_s: float, pieces: int) -> None:
            with customer.client() as client:
                started = client.post("/api/v1/conversations", json={"chatbot_id": customer.chatbot_id})
                path = f"/api/v1/conversations/{started.json()['id']}/messages"
                body = {"content": QUESTION, "stream": True}
                try:
                    with client.stream("POST", path, json=body, timeout=httpx2.Timeout(60, read=after_s)) as response:
                        for number, _ in enumerate(response.iter_raw(16)):
                            if number == pieces:
                                break
                except httpx2.ReadTimeout:
                    pass

        plan = [(customers[n % 2], chance.uniform(0.005, 1.5), chance.randrange(20)) for n in range(DISCONNECTS)]
        installation.stop("worker")  # so that every connection of the application's role is the API's
        most = 0
        with ThreadPoolExecutor(20) as pool:
            leaving = [pool.submit(leave_early, *one) for one in plan]
            while not all(one.done() for one in leaving):
                most = max(most, connections(ledger))
                time.sleep(0.2)
            for one in leaving:
                one.result()
        assert most <= MOST_CONNECTIONS

        deadline = time.monotonic() + 60
        while states(ledger, customers).get("streaming"):
            assert time.monotonic() < deadline, "answers stayed open after their readers had left"
            time.sleep(0.2)
        ended = states(ledger, customers)
        assert DISCONNECTS / 2 < sum(ended.values()) <= DISCONNECTS  # some leave before their question is stored
        # A short answer comes to its end within the second that it is given after its last reader has left.
        assert set(ended) <= {"complete", "interrupted"}
        assert foreign_rows(ledger) == 0
        with customers[0].client() as client:
            assert [one.status for one in ask(client, customers[0], QUESTION)] == [201, 200]
            assert connections(ledger) <= MOST_CONNECTIONS


def connections(ledger: Engine) -> int:
    """Connections of the application's role."""
    statement = text("SELECT count(*) FROM pg_stat_activity WHERE usename = 'pixel_app'")
    with ledger.connect() as connection:
        return int(connection.scalar(statement) or 0)


def states(ledger: Engine, customers: tuple[Customer, Customer]) -> dict[str, int]:
    statement = text(
        "SELECT state, count(*) AS answers FROM messages WHERE role = 'assistant' AND organization_id = ANY(:ids) GROUP BY state"
    )
    with ledger.connect() as connection:
        rows = connection.execute(statement, {"ids": [customer.organization.id for customer in customers]})
        return {row.state: row.answers for row in rows}


def foreign_rows(ledger: Engine) -> int:
    """Rows whose organization differs from that of what they belong to."""
    statement = text("""
        SELECT (SELECT count(*) FROM messages m JOIN conversations c ON c.id = m.conversation_id
                WHERE m.organization_id <> c.organization_id)
             + (SELECT count(*) FROM receipts r JOIN messages m ON m.id = r.message_id
                WHERE r.organization_id <> m.organization_id)
             + (SELECT count(*) FROM receipt_passages p JOIN chunks k ON k.id = p.chunk_id
                WHERE p.organization_id <> k.organization_id)
             + (SELECT count(*) FROM usage u JOIN messages m ON m.id = u.message_id
                WHERE u.organization_id <> m.organization_id)
    """)
    with ledger.connect() as connection:
        return int(connection.scalar(statement) or 0)
