"""What a client does in conversations, for those who ask and those who answer in the place of a bot."""

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx2

from serving.client.errors import ClientError
from serving.client.shapes import (
    AnswerOut,
    CannedReplyOut,
    CitationOut,
    ConversationOut,
    ConversationStarted,
    HandoverCounts,
    HandoverOut,
    MessageOut,
    QueuedHandover,
)
from serving.client.transport import Transport, error_of, unreachable

_HANDOVERS = "/api/v1/handovers"

StreamEvent = str | CitationOut | AnswerOut


@dataclass(frozen=True)
class _Event:
    name: str
    data: dict[str, Any]


class ConversationClient(Transport):
    """The part of `ApiClient` that is about conversations and hand-overs."""

    def start_conversation(self, chatbot_id: uuid.UUID, *, channel: str = "api") -> ConversationStarted:
        """Start a conversation."""
        body = {"chatbot_id": str(chatbot_id), "channel": channel}
        return self._one(ConversationStarted, "POST", "/api/v1/conversations", json=body)

    def conversations(self, *, limit: int = 50, offset: int = 0) -> list[ConversationOut]:
        """Conversations, latest first."""
        return self._many(ConversationOut, "/api/v1/conversations", params={"limit": limit, "offset": offset})

    def messages(self, conversation_id: uuid.UUID, *, of_all_branches: bool = False) -> list[MessageOut]:
        """Turns of a conversation, in order: of the branch that is gone on with, or of all."""
        path = f"/api/v1/conversations/{conversation_id}/messages"
        return self._many(MessageOut, path, params={"branch": "all"} if of_all_branches else {})

    def switch_branch(self, conversation_id: uuid.UUID, message_id: uuid.UUID) -> None:
        """Go on with the branch that a turn is on."""
        path = f"/api/v1/conversations/{conversation_id}/branch"
        self._send("POST", path, json={"message_id": str(message_id)})

    def ask(self, conversation_id: uuid.UUID, question: str) -> AnswerOut:
        """Ask and wait for the whole answer."""
        return self._one(
            AnswerOut, "POST", f"/api/v1/conversations/{conversation_id}/messages", json={"content": question}
        )

    def stream(self, conversation_id: uuid.UUID, question: str) -> Iterator[StreamEvent]:
        """Ask and read the answer as it comes: text, citations, and the whole answer last.

        Raises:
            ClientError: The API refused, or ended the stream with an error event.
        """
        return self._stream(f"/api/v1/conversations/{conversation_id}/messages", {"content": question})

    def edit(self, question_id: uuid.UUID, question: str) -> Iterator[StreamEvent]:
        """Ask a question in other words, on a branch of its own; events and errors as `stream`."""
        return self._stream(f"/api/v1/messages/{question_id}/edit", {"content": question})

    def retry(self, answer_id: uuid.UUID) -> Iterator[StreamEvent]:
        """Answer once more, on a branch of its own; events and errors as `stream`."""
        return self._stream(f"/api/v1/messages/{answer_id}/retry", {})

    def _stream(self, path: str, body: dict[str, Any]) -> Iterator[StreamEvent]:
        try:
            with self._http.stream("POST", path, json={**body, "stream": True}) as response:
                if response.is_error:
                    response.read()
                    raise error_of(response)
                for event in _events(response.iter_lines()):
                    if event.name == "answer.delta":
                        yield str(event.data["text"])
                    elif event.name == "answer.citation":
                        yield CitationOut.model_validate(event.data)
                    elif event.name == "answer.completed":
                        yield AnswerOut.model_validate(event.data)
                    elif event.name == "error":
                        raise ClientError(str(event.data["detail"]), status=event.data["status"])
        except httpx2.TransportError as error:
            raise unreachable(error) from error

    def request_handover(self, conversation_id: uuid.UUID, note: str | None = None) -> HandoverOut:
        """Ask for a person."""
        path = f"/api/v1/conversations/{conversation_id}/handover"
        return self._one(HandoverOut, "POST", path, json={"note": note})

    def handovers(self, *, limit: int = 200, offset: int = 0) -> list[QueuedHandover]:
        """What waits and what is answered: one's own first, members before visitors, the longest wait first."""
        return self._many(QueuedHandover, _HANDOVERS, params={"limit": limit, "offset": offset})

    def handover_counts(self) -> HandoverCounts:
        """How many wait for a person in all, and how many are answered."""
        return self._one(HandoverCounts, "GET", f"{_HANDOVERS}/counts")

    def take_handover(self, handover_id: uuid.UUID) -> QueuedHandover:
        """Answer in this conversation from now on."""
        return self._one(QueuedHandover, "POST", f"{_HANDOVERS}/{handover_id}/take")

    def release_handover(self, handover_id: uuid.UUID) -> QueuedHandover:
        """Put a conversation back into the queue."""
        return self._one(QueuedHandover, "POST", f"{_HANDOVERS}/{handover_id}/release")

    def resolve_handover(self, handover_id: uuid.UUID) -> QueuedHandover:
        """Give a conversation back to the bot."""
        return self._one(QueuedHandover, "POST", f"{_HANDOVERS}/{handover_id}/resolve")

    def reply(self, handover_id: uuid.UUID, content: str) -> MessageOut:
        """Answer."""
        return self._one(MessageOut, "POST", f"{_HANDOVERS}/{handover_id}/replies", json={"content": content})

    def canned_replies(self, words: str = "") -> list[CannedReplyOut]:
        """Texts that are written often, all or those with some words."""
        return self._many(CannedReplyOut, "/api/v1/canned-replies", params={"q": words} if words else {})

    def create_canned_reply(self, *, shortcut: str, title: str, text: str) -> CannedReplyOut:
        """Keep a text that is written often."""
        body = {"shortcut": shortcut, "title": title, "text": text}
        return self._one(CannedReplyOut, "POST", "/api/v1/canned-replies", json=body)


def _events(lines: Iterator[str]) -> Iterator[_Event]:
    name, data = "message", []
    for line in lines:
        if line.startswith("event: "):
            name = line[7:]
        elif line.startswith("data: "):
            data.append(line[6:])
        elif not line and data:
            yield _Event(name, json.loads("\n".join(data)))
            name, data = "message", []
