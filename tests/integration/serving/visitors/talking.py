"""What a visitor does over HTTP."""

from typing import Any

import httpx2


def converse(visitor: httpx2.Client) -> str:
    """A fresh conversation with the visitor's bot; its id."""
    body = {"chatbot_id": visitor.headers["X-Pixel-Bot"], "channel": "web"}
    response = visitor.post("/api/v1/conversations", json=body)
    assert response.status_code == 201, response.text
    return str(response.json()["id"])


def say(visitor: httpx2.Client, conversation: str, text: str) -> httpx2.Response:
    """Ask; the response."""
    return visitor.post(f"/api/v1/conversations/{conversation}/messages", json={"content": text})


def ask(visitor: httpx2.Client, question: str) -> Any:
    """A whole answer, in a conversation of its own."""
    response = say(visitor, converse(visitor), question)
    assert response.status_code == 200, response.text
    return response.json()


def turns(visitor: httpx2.Client, conversation: str) -> list[Any]:
    """The turns of a conversation."""
    response = visitor.get(f"/api/v1/conversations/{conversation}/messages")
    assert response.status_code == 200, response.text
    return list(response.json())
