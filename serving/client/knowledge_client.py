"""What a client does with knowledge bases, many documents, searches and labels."""

import uuid
from collections.abc import Sequence
from typing import Any

from serving.client.shapes import (
    BulkOut,
    ComparisonOut,
    GroupOut,
    JobOut,
    KnowledgeBaseOut,
    LabelOut,
    RelocationOut,
    SearchOut,
    SharedBot,
)
from serving.client.transport import Transport

_LABELS = "/api/v1/retrieval-labels"


class KnowledgeClient(Transport):
    """The part of `ApiClient` that manages knowledge."""

    def groups(self) -> list[GroupOut]:
        """Groups: all for an owner, else one's own."""
        return self._many(GroupOut, "/api/v1/groups")

    def archived_knowledge_bases(self) -> list[KnowledgeBaseOut]:
        """Knowledge bases that are archived."""
        return self._many(KnowledgeBaseOut, "/api/v1/knowledge-bases", params={"is_archived": True})

    def update_knowledge_base(self, knowledge_base_id: uuid.UUID, **fields: Any) -> KnowledgeBaseOut:
        """Change a knowledge base; fields as in `KnowledgeBaseUpdate`."""
        return self._one(KnowledgeBaseOut, "PATCH", f"/api/v1/knowledge-bases/{knowledge_base_id}", json=fields)

    def archive_knowledge_base(self, knowledge_base_id: uuid.UUID) -> None:
        """Archive a knowledge base; bots stop reading it at once."""
        self._send("DELETE", f"/api/v1/knowledge-bases/{knowledge_base_id}")

    def unarchive_knowledge_base(self, knowledge_base_id: uuid.UUID) -> KnowledgeBaseOut:
        """Bring an archived knowledge base back."""
        return self._one(KnowledgeBaseOut, "POST", f"/api/v1/knowledge-bases/{knowledge_base_id}/unarchive")

    def sharing(self, knowledge_base_id: uuid.UUID) -> list[SharedBot]:
        """All bots, and whether each reads a knowledge base."""
        return self._many(SharedBot, f"/api/v1/knowledge-bases/{knowledge_base_id}/chatbots")

    def share(self, knowledge_base_id: uuid.UUID, chatbot_ids: Sequence[uuid.UUID]) -> None:
        """Make exactly these bots read a knowledge base."""
        body = {"chatbot_ids": [str(one) for one in chatbot_ids]}
        self._send("PUT", f"/api/v1/knowledge-bases/{knowledge_base_id}/chatbots", json=body)

    def relocate(self, how: str, document_ids: Sequence[uuid.UUID], knowledge_base_id: uuid.UUID) -> RelocationOut:
        """`move` or `copy` documents to a knowledge base."""
        body = {"document_ids": [str(one) for one in document_ids], "knowledge_base_id": str(knowledge_base_id)}
        return self._one(RelocationOut, "POST", f"/api/v1/documents/{how}", json=body)

    def change_documents(self, document_ids: Sequence[uuid.UUID], action: dict[str, Any]) -> BulkOut:
        """Do one thing with many documents; actions as in `BulkCreate`."""
        body = {"document_ids": [str(one) for one in document_ids], "action": action}
        return self._one(BulkOut, "POST", "/api/v1/documents/bulk", json=body)

    def resume_index_build(self, index_version_id: uuid.UUID) -> JobOut:
        """Go on with a build that stopped."""
        return self._one(JobOut, "POST", f"/api/v1/index-versions/{index_version_id}/build")

    def search(self, query: str, **fields: Any) -> SearchOut:
        """Passages for a question with all their scores; fields as in `SearchCreate`."""
        return self._one(SearchOut, "POST", "/api/v1/search", json={"query": query, **fields})

    def labels(self, knowledge_base_id: uuid.UUID) -> list[LabelOut]:
        """What was said of passages of a knowledge base, by question; the first thousand."""
        params = {"knowledge_base_id": str(knowledge_base_id), "limit": 1000}
        return self._many(LabelOut, _LABELS, params=params)

    def save_label(self, query: str, chunk_id: uuid.UUID, relevance: int) -> LabelOut:
        """Say how relevant a passage is to a question."""
        body = {"query": query, "chunk_id": str(chunk_id), "relevance": relevance}
        return self._one(LabelOut, "POST", _LABELS, json=body)

    def delete_label(self, label_id: uuid.UUID) -> None:
        """Take a label back."""
        self._send("DELETE", f"{_LABELS}/{label_id}")

    def compare_retrieval(self, knowledge_base_id: uuid.UUID, left: Any, right: Any) -> ComparisonOut:
        """Ask the labelled questions in two ways; each as `Setup`."""
        body = {"knowledge_base_id": str(knowledge_base_id), "left": left, "right": right}
        return self._one(ComparisonOut, "POST", "/api/v1/retrieval-comparisons", json=body, timeout=300)
