"""The client: one method per thing that a page or a command does."""

import uuid
from typing import Any

from serving.client.conversation_client import ConversationClient
from serving.client.knowledge_client import KnowledgeClient
from serving.client.language_client import LanguageClient
from serving.client.shapes import (
    ChatbotOut,
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
    ModelOut,
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

_PAGE = 1000
_INDEXES = "/api/v1/index-versions"


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

    def update_chatbot(self, chatbot_id: uuid.UUID, **fields: Any) -> ChatbotOut:
        """Change a bot; fields as in `ChatbotUpdate`."""
        return self._one(ChatbotOut, "PATCH", f"/api/v1/chatbots/{chatbot_id}", json=fields)

    def models(self) -> list[ModelOut]:
        """Models that bots can answer with."""
        return self._many(ModelOut, "/api/v1/models")

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

    def receipt(self, message_id: uuid.UUID) -> ReceiptOut:
        """Everything that an answer came from."""
        return self._one(ReceiptOut, "GET", f"/api/v1/messages/{message_id}/receipt")

    def rate(self, message_id: uuid.UUID, rating: int, comment: str | None = None) -> None:
        """Thumb up (1) or down (-1)."""
        self._send("PUT", f"/api/v1/messages/{message_id}/feedback", json={"rating": rating, "comment": comment})
