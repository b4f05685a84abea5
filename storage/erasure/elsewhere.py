"""Pieces of conversations that rows which stay say as well.

Who writes to a bot chooses what is searched for when that is erased. A piece that is the organization's own words, or
somebody else's, tells nothing of the erased, would be found for ever, and nothing may be destroyed for its sake.
"""

import io
import uuid
from collections.abc import Iterable, Iterator

from sqlalchemy import ColumnElement, Select, String, cast, literal_column, select
from sqlalchemy.orm import Session

from storage.erasure.byte_search import ByteSearch
from storage.erasure.targets import Targets
from storage.postgres.models.budget import Budget
from storage.postgres.models.canned_reply import CannedReply
from storage.postgres.models.chatbot import Chatbot
from storage.postgres.models.chatbot_template import ChatbotTemplate
from storage.postgres.models.chatbot_version import ChatbotVersion
from storage.postgres.models.chunk import Chunk
from storage.postgres.models.conversation_flow import ConversationFlow
from storage.postgres.models.conversation_template import ConversationTemplate
from storage.postgres.models.document import Document
from storage.postgres.models.intent import Intent
from storage.postgres.models.intent_example import IntentExample
from storage.postgres.models.knowledge_base import KnowledgeBase
from storage.postgres.models.message import Message
from storage.postgres.models.source import Source

_FETCH_ROWS = 1000
# What an organization says of itself and of its bots: welcome messages and prompts are in the versions.
_CONFIGURATION = (
    Budget, CannedReply, Chatbot, ChatbotTemplate, ChatbotVersion, ConversationFlow, ConversationTemplate, Intent,
    IntentExample, KnowledgeBase, Source,
)  # fmt: skip


def said_elsewhere(session: Session, organization_id: uuid.UUID, targets: Targets, windows: Iterable[str]) -> set[str]:
    """Which windows other conversations, passages that stay, or the organization's configuration hold.

    Each text is read once, however many windows there are.

    Args:
        session: A session of the owner.
        organization_id: Whose rows.
        targets: What is erased; its own rows do not count.
        windows: Pieces of texts, without quotes or escapes.
    """
    sought = {window.encode(): window for window in windows}
    if not sought:
        return set()
    search, found = ByteSearch(sought), set[str]()
    for texts in _staying(session, organization_id, targets):
        joined = io.BytesIO("\n".join(texts).encode())
        found |= {sought[string] for string, _ in search.found(joined)}
    return found


def _staying(session: Session, organization_id: uuid.UUID, targets: Targets) -> Iterator[list[str]]:
    of_others = Message.conversation_id.not_in(targets.conversation_ids)
    yield from _texts(session, select(Message.content).where(Message.organization_id == organization_id, of_others))
    passages = Chunk.document_version_id.not_in(targets.version_ids)
    yield from _texts(session, select(Chunk.text).where(Chunk.organization_id == organization_id, passages))
    names = Document.id.not_in(targets.document_ids)
    yield from _texts(session, select(Document.name).where(Document.organization_id == organization_id, names))
    for model in _CONFIGURATION:
        # The whole row as text; of what it writes in another way, windows hold nothing.
        row: ColumnElement[str] = cast(literal_column(model.__tablename__), String)
        yield from _texts(session, select(row).where(model.organization_id == organization_id))


def _texts(session: Session, statement: Select[str]) -> Iterator[list[str]]:
    with session.scalars(statement.execution_options(yield_per=_FETCH_ROWS)) as found:
        yield from ([text for text in texts if text] for texts in found.partitions())
