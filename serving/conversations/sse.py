"""Answer events on the wire: server-sent events with a name, JSON data and a running id."""

import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any

from fastapi.sse import format_sse_event

from serving.conversations.answering import AnswerDelta, AnswerEvent, AnswerStarted
from serving.conversations.schemas import CitationOut
from serving.errors import as_api_error

HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


def encode(event: AnswerEvent, number: int) -> bytes:
    """One event: `answer.started`, `answer.delta`, `answer.citation` or `answer.completed`."""
    if isinstance(event, AnswerStarted):
        name, data = (
            "answer.started",
            {
                "conversation_id": str(event.conversation_id),
                "question_id": str(event.question_id),
                "message_id": str(event.message_id),
            },
        )
    elif isinstance(event, AnswerDelta):
        name, data = "answer.delta", {"text": event.text}
    elif isinstance(event, CitationOut):
        name, data = "answer.citation", event.model_dump(mode="json")
    else:
        name, data = "answer.completed", event.model_dump(mode="json")
    return _event(name, data, number)


def _event(name: str, data: dict[str, Any], number: int) -> bytes:
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return format_sse_event(data_str=text, event=name, id=str(number))


async def encode_all(first: AnswerEvent, events: AsyncGenerator[AnswerEvent, None]) -> AsyncIterator[bytes]:
    """All events of an answer; an error after the first byte becomes a last event `error`, never a broken stream."""
    number = 1
    yield encode(first, number)
    async with aclosing(events) as rest:
        try:
            async for event in rest:
                number += 1
                yield encode(event, number)
        except Exception as error:  # noqa: BLE001 - whatever it was, the reader is told in the stream
            told = as_api_error(error)
            number += 1
            yield _event(
                "error",
                {
                    "type": f"/problems/{told.slug}",
                    "title": told.title,
                    "status": told.status,
                    "detail": told.detail,
                },
                number,
            )
