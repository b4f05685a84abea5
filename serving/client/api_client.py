"""The client: one method per thing that a page or a command does."""

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx2

from serving.client.conversation_client import ConversationClient
from serving.client.errors import ClientError
from serving.client.knowledge_client import KnowledgeClient
from serving.client.language_client import LanguageClient
from serving.client.shapes import (
    AnswerOut,
    ChatbotOut,
    CitationOut,
    ConversationOut,
    ConversationStarted,
    DiffOut,
    DocumentOut,
    DuplicateOut,
    FlippedOut,
    GateRecord,
    IndexEstimate,
    IndexVersionOut,
    IngestionProgress,
    JobOut,
    KnowledgeBaseOut,
    MeOut,
    MessageOut,
    PassageOut,
    ReceiptOut,
    SessionOut,
    TemplateOut,
    TrafficOut,
    UploadOut,
    VersionAction,
    VersionDecided,
    VersionOut,
)
from serving.client.transport import error_of, unreachable

_PAGE = 1000
_INDEXES = "/api/v1/index-versions"

StreamEvent = str | CitationOut | AnswerOut


@dataclass(frozen=True)
class _Event:
    name: str
    data: dict[str, Any]


class ApiClient(KnowledgeClient, LanguageClient, ConversationClient):
    """Talks to one API as one person or program. Use it as a context manager, or close it."""

    def sign_in(self, email: str, password: str) -> SessionOut:
        """Open a session; use its token for the next client."""
        return self._one(SessionOut, "POST", "/api/v1/sessions", json={"email": email, "password": password})

    def sign_out(self) -> None:
        """End the session."""
        self._send("DELETE", "/api/v1/sessions/current")

    def me(self) -> MeOut:
        """Who the credential belongs to."""
        return self._one(MeOut, "GET", "/api/v1/me")

    def traffic(self, minutes: int) -> TrafficOut:
        """What the organization's bots do right now."""
        return self._one(TrafficOut, "GET", "/api/v1/traffic", params={"minutes": minutes})

    def templates(self) -> list[TemplateOut]:
        """Templates to make bots from."""
        return self._many(TemplateOut, "/api/v1/chatbots/templates")

    def chatbots(self) -> list[ChatbotOut]:
        """Bots."""
        return self._many(ChatbotOut, "/api/v1/chatbots")

    def create_chatbot(self, **fields: Any) -> ChatbotOut:
        """Make a bot; fields as in `ChatbotCreate`."""
        return self._one(ChatbotOut, "POST", "/api/v1/chatbots", json=fields)

    def knowledge_bases(self) -> list[KnowledgeBaseOut]:
        """Knowledge bases with document counts."""
        return self._many(KnowledgeBaseOut, "/api/v1/knowledge-bases")

    def create_knowledge_base(self, *, name: str, slug: str, description: str | None = None) -> KnowledgeBaseOut:
        """Make a knowledge base."""
        body = {"name": name, "slug": slug, "description": description}
        return self._one(KnowledgeBaseOut, "POST", "/api/v1/knowledge-bases", json=body)

    def documents(self, knowledge_base_id: uuid.UUID, *, state: str | None = None) -> list[DocumentOut]:
        """Documents of a knowledge base, by name."""
        path = f"/api/v1/knowledge-bases/{knowledge_base_id}/documents"
        found: list[DocumentOut] = []
        while True:
            query = {"limit": _PAGE, "offset": len(found), **({"state": state} if state else {})}
            page = self._many(DocumentOut, path, params=query)
            found += page
            if len(page) < _PAGE:
                return found

    def document(self, document_id: uuid.UUID) -> DocumentOut:
        """One document."""
        return self._one(DocumentOut, "GET", f"/api/v1/documents/{document_id}")

    def versions(self, document_id: uuid.UUID) -> list[VersionOut]:
        """Versions of a document, newest first."""
        return self._many(VersionOut, f"/api/v1/documents/{document_id}/versions")

    def decide(self, document_id: uuid.UUID, version_id: uuid.UUID, action: VersionAction) -> VersionDecided:
        """Make a version current, discard, cancel or resume it."""
        return self._one(VersionDecided, "POST", f"/api/v1/documents/{document_id}/versions/{version_id}/{action}")

    def diff(
        self, document_id: uuid.UUID, *, from_version: int | None = None, to_version: int | None = None
    ) -> DiffOut:
        """What two versions say differently; the current one and the one before unless given."""
        given = {"from_version": from_version, "to_version": to_version}
        query = {name: number for name, number in given.items() if number is not None}
        return self._one(DiffOut, "GET", f"/api/v1/documents/{document_id}/diff", params=query)

    def duplicates(self, knowledge_base_id: uuid.UUID) -> list[DuplicateOut]:
        """Pairs of documents that say the same, the most alike first."""
        return self._many(DuplicateOut, f"/api/v1/knowledge-bases/{knowledge_base_id}/duplicates")

    def upload(self, knowledge_base_id: uuid.UUID, name: str, data: bytes, media_type: str | None = None) -> UploadOut:
        """Upload a file."""
        files = {"file": (name, data, media_type or "application/octet-stream")}
        return self._one(UploadOut, "POST", f"/api/v1/knowledge-bases/{knowledge_base_id}/documents", files=files)

    def ingestions(self, knowledge_base_id: uuid.UUID) -> list[IngestionProgress]:
        """How far the latest ingestions of a knowledge base are, newest first."""
        return self._many(IngestionProgress, "/api/v1/ingestions", params={"knowledge_base_id": str(knowledge_base_id)})

    def cancel_ingestion(self, ingestion_id: uuid.UUID) -> IngestionProgress:
        """Stop reading what is not read yet."""
        return self._one(IngestionProgress, "POST", f"/api/v1/ingestions/{ingestion_id}/cancel")

    def index_versions(self) -> list[IndexVersionOut]:
        """Index versions, newest first."""
        return self._many(IndexVersionOut, _INDEXES)

    def estimate_index(self, **changes: Any) -> IndexEstimate:
        """What building an index version would take; changes as in `IndexVersionCreate`."""
        return self._one(IndexEstimate, "POST", f"{_INDEXES}/estimate", json=changes)

    def build_index(self, **changes: Any) -> IndexVersionOut:
        """Ask for an index version; changes as in `IndexVersionCreate`."""
        return self._one(IndexVersionOut, "POST", _INDEXES, json=changes)

    def index_gates(self, index_version_id: uuid.UUID) -> GateRecord:
        """What the gates last said of a candidate."""
        return self._one(GateRecord, "GET", f"{_INDEXES}/{index_version_id}/gates")

    def run_index_gates(self, index_version_id: uuid.UUID) -> JobOut:
        """Ask for the gates of a candidate."""
        return self._one(JobOut, "POST", f"{_INDEXES}/{index_version_id}/gates")

    def promote_index(self, index_version_id: uuid.UUID) -> FlippedOut:
        """Make a candidate live that has passed its gates."""
        return self._one(FlippedOut, "POST", f"{_INDEXES}/{index_version_id}/promote")

    def roll_back_index(self) -> FlippedOut:
        """Go back to the index version that was live before."""
        return self._one(FlippedOut, "POST", f"{_INDEXES}/rollback")

    def delete_document(self, document_id: uuid.UUID) -> None:
        """Delete a document; effective at once."""
        self._send("DELETE", f"/api/v1/documents/{document_id}")

    def passage(self, chunk_id: uuid.UUID) -> PassageOut:
        """The passage that a citation opens."""
        return self._one(PassageOut, "GET", f"/api/v1/passages/{chunk_id}")

    def start_conversation(self, chatbot_id: uuid.UUID, *, channel: str = "api") -> ConversationStarted:
        """Start a conversation."""
        body = {"chatbot_id": str(chatbot_id), "channel": channel}
        return self._one(ConversationStarted, "POST", "/api/v1/conversations", json=body)

    def conversations(self, *, limit: int = 50, offset: int = 0) -> list[ConversationOut]:
        """Conversations, latest first."""
        return self._many(ConversationOut, "/api/v1/conversations", params={"limit": limit, "offset": offset})

    def messages(self, conversation_id: uuid.UUID) -> list[MessageOut]:
        """Turns of a conversation."""
        return self._many(MessageOut, f"/api/v1/conversations/{conversation_id}/messages")

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
        body = {"content": question, "stream": True}
        path = f"/api/v1/conversations/{conversation_id}/messages"
        try:
            with self._http.stream("POST", path, json=body) as response:
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

    def receipt(self, message_id: uuid.UUID) -> ReceiptOut:
        """Everything that an answer came from."""
        return self._one(ReceiptOut, "GET", f"/api/v1/messages/{message_id}/receipt")

    def rate(self, message_id: uuid.UUID, rating: int, comment: str | None = None) -> None:
        """Thumb up (1) or down (-1)."""
        self._send("PUT", f"/api/v1/messages/{message_id}/feedback", json={"rating": rating, "comment": comment})


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
