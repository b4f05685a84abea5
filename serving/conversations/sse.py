"""Answer events on the wire: server-sent events with a name, JSON data and an id to come back with.

An id is `generation.number`: a reader who comes back to an answer that was begun again meanwhile is told from the start.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import asdict
from typing import Any

import msgspec

from serving.conversations.events import (
    AnswerDelta,
    AnswerEvent,
    AnswerFailed,
    AnswerReset,
    AnswerStarted,
    AnswerToolCall,
    stream_url,
)
from serving.conversations.schemas import CitationOut

_ID = re.compile(r"(\d{1,9})\.(\d{1,9})")


def encoder(generation: int) -> Callable[[Iterable[tuple[int, AnswerEvent]]], bytes]:
    """Encodes numbered events of one generation of an answer."""

    def encode(events: Iterable[tuple[int, AnswerEvent]]) -> bytes:
        return b"".join(_event(*_named(event), f"{generation}.{number}") for number, event in events)

    return encode


def position(last_event_id: str | None, generation: int) -> int:
    """After which event a reader goes on: 0 for one who has seen nothing of this generation, or sends no id of ours."""
    found = _ID.fullmatch(last_event_id or "")
    return int(found[2]) if found and int(found[1]) == generation else 0


def _named(event: AnswerEvent) -> tuple[str, dict[str, Any]]:
    """Name and data: `answer.started`, `.reset`, `.delta`, `.tool_call`, `.citation`, `.completed`, or `error`."""
    if isinstance(event, AnswerDelta):
        return "answer.delta", {"text": event.text}
    if isinstance(event, AnswerStarted):
        ids = {name: str(value) for name, value in asdict(event).items()}
        return "answer.started", {**ids, "stream_url": stream_url(event.message_id)}
    if isinstance(event, AnswerToolCall):
        return "answer.tool_call", asdict(event)
    if isinstance(event, AnswerReset):
        return "answer.reset", {"reason": event.reason}
    if isinstance(event, AnswerFailed):
        more = {"resume_url": event.resume_url, "retry_after_s": event.retry_after_s}
        return "error", {
            "type": f"/problems/{event.slug}", "title": event.title, "status": event.status, "detail": event.detail,
            **{name: value for name, value in more.items() if value is not None},
        }  # fmt: skip
    name = "answer.citation" if isinstance(event, CitationOut) else "answer.completed"
    return name, event.model_dump(mode="json")


def _event(name: str, data: dict[str, Any], event_id: str) -> bytes:
    return f"event: {name}\nid: {event_id}\ndata: ".encode() + msgspec.json.encode(data) + b"\n\n"
