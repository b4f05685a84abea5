"""What a client does for those who answer in the place of a bot."""

import uuid

from serving.client.shapes import CannedReplyOut, HandoverOut, MessageOut, QueuedHandover
from serving.client.transport import Transport

_HANDOVERS = "/api/v1/handovers"


class ConversationClient(Transport):
    """The part of `ApiClient` that is about hand-overs."""

    def request_handover(self, conversation_id: uuid.UUID, note: str | None = None) -> HandoverOut:
        """Ask for a person."""
        path = f"/api/v1/conversations/{conversation_id}/handover"
        return self._one(HandoverOut, "POST", path, json={"note": note})

    def handovers(self) -> list[QueuedHandover]:
        """What waits and what is answered, the one that waits longest first."""
        return self._many(QueuedHandover, _HANDOVERS)

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
