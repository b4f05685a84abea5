"""Events of a conversation as they happen: resumed by number, typing told to the other side, several processes."""

import queue
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2

from storage.postgres.models.member import Role
from storage.settings import StorageSettings
from tests.integration.conftest import Tenant, client, running_api, start_conversation
from tests.integration.serving.conversations.talking import say

Lines = queue.Queue[str]


@contextmanager
def watching(sender: httpx2.Client, conversation_id: str, *, after: int | None = None) -> Iterator[Lines]:
    """Names and ids of events, as a page reads them."""
    lines: Lines = queue.Queue()
    opened = threading.Event()
    path = f"/api/v1/conversations/{conversation_id}/events"
    done = threading.Event()

    def read() -> None:
        with sender.stream("GET", path, params={} if after is None else {"after": after}) as response:
            for line in response.iter_lines():
                opened.set()
                if line.startswith(("event: ", "id: ", "data: ")):
                    lines.put(line)
                if done.is_set():
                    return

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    assert opened.wait(10)
    yield lines
    done.set()


def next_event(lines: Lines) -> str:
    """The name of the next event."""
    while True:
        line = lines.get(timeout=10)
        if line.startswith("event: "):
            return line[7:]


class TestEvents:
    def test_messages_come_as_they_are_said_and_again_from_a_number(self, informed: Tenant, api_url: str) -> None:
        conversation = start_conversation(informed, role=Role.VIEWER)
        with watching(client(api_url, informed.keys[Role.VIEWER]), conversation) as lines:
            say(informed, conversation, "How long is the warranty of the K2 grinder?")
            assert [next_event(lines) for _ in range(2)] == ["message.created"] * 2
        say(informed, conversation, "I want to talk to a human.")
        with watching(client(api_url, informed.keys[Role.VIEWER]), conversation, after=2) as lines:
            assert {next_event(lines) for _ in range(2)} == {"handover.requested", "message.created"}

    def test_typing_is_told_to_the_other_side_alone(self, informed: Tenant, api_url: str) -> None:
        conversation = start_conversation(informed, role=Role.VIEWER)
        path = f"/api/v1/conversations/{conversation}/typing"
        with (
            watching(client(api_url, informed.keys[Role.VIEWER]), conversation) as user,
            watching(client(api_url, informed.keys[Role.AGENT]), conversation) as agent,
        ):
            assert informed.viewer.post(path).status_code == 204
            assert next_event(agent) == "typing"
            informed.clients[Role.AGENT].post(path)
            assert next_event(user) == "typing"
            time.sleep(0.3)
            assert agent.get_nowait() == 'data: {"side":"user"}'
            assert agent.empty()

    def test_another_process_hears_of_it(self, informed: Tenant, settings: StorageSettings) -> None:
        conversation = start_conversation(informed, role=Role.VIEWER)
        with (
            running_api(settings) as url,
            watching(client(url, informed.keys[Role.VIEWER]), conversation) as lines,
        ):
            time.sleep(0.5)
            started = time.monotonic()
            informed.clients[Role.AGENT].post(f"/api/v1/conversations/{conversation}/typing")
            assert next_event(lines) == "typing"
            assert time.monotonic() - started < 5

    def test_a_stranger_watches_nothing(self, informed: Tenant) -> None:
        conversation = start_conversation(informed, role=Role.OWNER)
        assert informed.viewer.get(f"/api/v1/conversations/{conversation}/events").status_code == 404
        assert informed.viewer.post(f"/api/v1/conversations/{conversation}/typing").status_code == 404
