"""Bodies of questions that are announced and do not come, over real connections."""

import json
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from serving.accounts.principal import Principal
from serving.accounts.roles import VisitorRole
from serving.conversations.streams.admission import AdmissionLimits
from serving.conversations.streams.early import EarlyRefusalMiddleware
from serving.conversations.streams.hub import StreamHub
from serving.errors import install_handlers

PATH = f"/api/v1/conversations/{uuid.uuid4()}/messages"
WITHIN_S = 1.0
BODY = json.dumps({"content": "How long?"}).encode()


class Known:
    """Stands where authentication does: whoever names an id in a header is that visitor, of the bot in another."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            headers = {name.decode(): value.decode() for name, value in scope["headers"]}
            scope.setdefault("state", {})["principal"] = replace(
                Principal(None, None, None, uuid.uuid4(), VisitorRole.VISITOR),
                visitor_id=uuid.uuid4(),
                chatbot_id=uuid.UUID(headers["x-bot"]),
            )
        await self._app(scope, receive, send)


@dataclass
class Served:
    """A server that asks for bodies, and what it counts."""

    port: int
    streams: StreamHub

    def send(self, data: bytes, *, bot: uuid.UUID, length: int | None = None) -> socket.socket:
        """A connection on which a question was announced and some of its body sent."""
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=5)
        head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nX-Bot: {bot}\r\nContent-Type: application/json\r\n"
        connection.sendall(f"{head}Content-Length: {length or len(BODY)}\r\n\r\n".encode() + data)
        return connection


def answer(connection: socket.socket) -> tuple[int, Any, bool]:
    """Status, body and whether the connection was closed after it."""
    connection.settimeout(5)
    received = b""
    while b"\r\n\r\n" not in received:
        received += connection.recv(4096)
    head, _, body = received.partition(b"\r\n\r\n")
    length = next(
        int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")
    )
    while len(body) < length:
        body += connection.recv(4096)
    connection.settimeout(0.1)
    try:
        is_closed = connection.recv(1) == b""
    except TimeoutError:
        is_closed = False
    return int(head.split()[1]), json.loads(body), is_closed


@pytest.fixture
def served() -> Iterator[Served]:
    limits = AdmissionLimits(
        running=50, running_per_organization=50, waiting_per_organization=10, wait_s=1.0, arriving=8
    )
    streams = StreamHub(limits)
    app = FastAPI()
    install_handlers(app)

    @app.post("/api/v1/conversations/{conversation_id}/messages")
    async def ask(conversation_id: uuid.UUID, body: dict[str, str]) -> dict[str, str]:
        return body

    app.add_middleware(Known)
    app.add_middleware(EarlyRefusalMiddleware, streams=lambda: streams, body_within_s=WITHIN_S)
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield Served(server.servers[0].sockets[0].getsockname()[1], streams)
    server.should_exit = True
    thread.join(timeout=10)


class TestABodyThatDoesNotCome:
    @pytest.mark.parametrize("sent", [b"", b'{"content"'])
    def test_it_is_answered_and_closed_in_time(self, served: Served, sent: bytes) -> None:
        before = time.monotonic()
        with served.send(sent, bot=uuid.uuid4()) as connection:
            status, body, is_closed = answer(connection)
        assert (status, body["type"], is_closed) == (408, "/problems/too-slow", True)
        assert WITHIN_S <= time.monotonic() - before < WITHIN_S + 2
        assert served.streams.admission.arriving == 0

    def test_bytes_now_and_then_give_no_more_time(self, served: Served) -> None:
        before = time.monotonic()
        with served.send(b" ", bot=uuid.uuid4(), length=1000) as connection:
            for _ in range(5):
                time.sleep(0.15)
                connection.sendall(b" ")
            status, _, _ = answer(connection)
        assert (status, time.monotonic() - before < WITHIN_S + 2) == (408, True)

    def test_one_that_comes_whole_is_read(self, served: Served) -> None:
        with served.send(BODY[:5], bot=uuid.uuid4()) as connection:
            time.sleep(0.1)
            connection.sendall(BODY[5:])
            assert answer(connection) == (200, {"content": "How long?"}, False)

    def test_the_visitors_of_a_bot_owe_a_quarter_together(self, served: Served) -> None:
        bot, other = uuid.uuid4(), uuid.uuid4()
        with ExitStack() as opened:
            owed = [opened.enter_context(served.send(b"", bot=bot)) for _ in range(2)]
            time.sleep(0.2)
            status, body, is_closed = answer(opened.enter_context(served.send(b"", bot=bot)))
            assert (status, body["type"], is_closed) == (429, "/problems/too-many-requests", True)
            assert answer(opened.enter_context(served.send(BODY, bot=other)))[0] == 200
            for connection in owed:
                connection.sendall(BODY)
                assert answer(connection)[0] == 200
            assert answer(opened.enter_context(served.send(BODY, bot=bot)))[0] == 200
        assert served.streams.admission.arriving == 0

    def test_who_goes_away_owes_nothing(self, served: Served) -> None:
        bot = uuid.uuid4()
        for _ in range(4):
            for connection in [served.send(b"", bot=bot) for _ in range(2)]:
                connection.close()
            time.sleep(0.1)
        with served.send(BODY, bot=bot) as connection:
            assert answer(connection)[0] == 200
