"""Clients that ask, and what they saw."""

import json
import time
from dataclasses import dataclass, field
from typing import Any

import httpx2

from tests.factories.installation import Customer

QUESTION = "How long is the warranty of the K5 grinder?"
POLICY = """# Warranty

The Model K2 grinder carries a warranty of 36 months. The Model K5 grinder carries a warranty of 60 months.

# Returns

You may send back any machine within 45 days of delivery. Return shipping is free for members of the Green Club.
"""


@dataclass
class Seen:
    """One request as its client saw it."""

    kind: str
    status: int | None
    seconds: float
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""
    broken: str | None = None

    def json(self) -> Any:
        """The body."""
        return json.loads(self.body)


def events(body: str) -> list[tuple[str, Any]]:
    """Name and data of each server-sent event that came whole."""
    found = []
    for block in body.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line)
        if "event" in fields and "data" in fields:
            found.append((fields["event"], json.loads(fields["data"])))
    return found


def request(client: httpx2.Client, kind: str, method: str, path: str, **more: Any) -> Seen:
    """Send a request and note what came of it, whatever it was."""
    started = time.monotonic()
    try:
        response = client.request(method, path, **more)
    except httpx2.TransportError as error:
        return Seen(kind, None, time.monotonic() - started, broken=repr(error))
    return Seen(kind, response.status_code, time.monotonic() - started, dict(response.headers), response.text)


def ask(client: httpx2.Client, customer: Customer, question: str = QUESTION, *, stream: bool = False) -> list[Seen]:
    """Start a conversation and ask one question in it."""
    started = request(client, "conversation", "POST", "/api/v1/conversations", json={"chatbot_id": customer.chatbot_id})
    if started.status != 201:
        return [started]
    path = f"/api/v1/conversations/{started.json()['id']}/messages"
    kind = "stream" if stream else "ask"
    return [started, request(client, kind, "POST", path, json={"content": question, "stream": stream})]
