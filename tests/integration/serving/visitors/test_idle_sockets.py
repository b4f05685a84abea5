"""Visitors who announce questions and send none keep nobody out."""

import socket
import time
from contextlib import ExitStack, suppress
from urllib.parse import urlsplit

import httpx2

from serving.conversations.streams.admission import AdmissionLimits
from storage.postgres.models.member import Role
from tests.integration.conftest import Tenant, ask
from tests.integration.serving.visitors.conftest import QUESTION, Visit
from tests.integration.serving.visitors.talking import ask as ask_as_visitor
from tests.integration.serving.visitors.talking import converse

QUARTER = AdmissionLimits(1, 1, 1, 1.0).arriving // 4


def announced(visitor: httpx2.Client, conversation: str) -> socket.socket:
    """A connection on which a visitor announced a question; its body does not follow."""
    place = urlsplit(str(visitor.base_url))
    assert place.hostname
    connection = socket.create_connection((place.hostname, place.port or 80), timeout=20)
    ((name, token),) = visitor.cookies.items()
    lines = [
        f"POST /api/v1/conversations/{conversation}/messages HTTP/1.1",
        f"Host: {place.netloc}",
        f"Cookie: {name}={token}; padding={id(connection)}",
        "X-Pixel-Page: 1",
        f"X-Pixel-Bot: {visitor.headers['X-Pixel-Bot']}",
        "Content-Type: application/json",
        "Content-Length: 50",
    ]
    connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
    return connection


class TestIdleSockets:
    def test_those_of_one_bot_are_bounded_and_members_are_served(self, published: Tenant, begin: Visit) -> None:
        visits = [begin() for _ in range(5)]
        talks = [(visitor, converse(visitor)) for visitor in visits]
        with ExitStack() as opened:
            sockets = [opened.enter_context(announced(*talks[n % len(talks)])) for n in range(QUARTER + 5)]
            time.sleep(1)
            statuses = []
            for one in sockets:
                one.settimeout(0.05)  # those that are waited for are answered in ten seconds, the others at once
                with suppress(TimeoutError):
                    statuses.append(one.recv(12).decode())
            assert statuses == ["HTTP/1.1 429"] * 5
            assert "60 months" in ask(published, QUESTION, role=Role.VIEWER)["content"]
        assert "60 months" in ask_as_visitor(visits[0], QUESTION)["content"]
