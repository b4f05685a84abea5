"""Builders of everything that an answer rests on: bot, documents, index version, conversation, receipt."""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from storage.postgres.models.chatbot import Chatbot, ChatbotStatus
from storage.postgres.models.chatbot_version import ChatbotVersion
from storage.postgres.models.chunk import Chunk
from storage.postgres.models.conversation import Channel, Conversation
from storage.postgres.models.document import Document
from storage.postgres.models.document_version import DocumentVersion, VersionState
from storage.postgres.models.feedback import Feedback
from storage.postgres.models.index_version import IndexStatus, IndexVersion
from storage.postgres.models.job import Job, JobState
from storage.postgres.models.knowledge_base import KnowledgeBase
from storage.postgres.models.message import Message, MessageRole, MessageState
from storage.postgres.models.receipt import Receipt
from storage.postgres.models.receipt_passage import ReceiptPassage
from storage.postgres.models.usage_record import UsageRecord
from storage.postgres.models.visitor import Visitor
from storage.postgres.session import owner_session

HASH = "0" * 64


@dataclass(frozen=True)
class Studio:
    """A bot with one readable document of one passage."""

    organization_id: uuid.UUID
    bot_id: uuid.UUID
    bot_version_id: uuid.UUID
    knowledge_base_id: uuid.UUID
    document_id: uuid.UUID
    document_version_id: uuid.UUID
    chunk_id: uuid.UUID
    index_version_id: uuid.UUID


@dataclass(frozen=True)
class Turn:
    """A question and its answer."""

    conversation_id: uuid.UUID
    question_id: uuid.UUID
    message_id: uuid.UUID


def make_studio(owner: Engine, organization_id: uuid.UUID) -> Studio:
    """A committed studio."""
    now = datetime.now(UTC)
    with owner_session(owner) as session:
        base = KnowledgeBase(organization_id=organization_id, name="Handbook", slug="handbook")
        bot = Chatbot(organization_id=organization_id, name="Helper", slug="helper", status=ChatbotStatus.PUBLISHED)
        index = IndexVersion(
            organization_id=organization_id, number=1, status=IndexStatus.LIVE,
            table_name=f"org_{organization_id.hex}_v1", embedding_model="mini", dimension=384, chunker="headings",
        )  # fmt: skip
        session.add_all([base, bot, index])
        session.flush()
        configured = ChatbotVersion(
            organization_id=organization_id, chatbot_id=bot.id, number=1,
            config={"provider": "extractive", "model": "sentences"}, config_hash=HASH,
        )  # fmt: skip
        document = Document(
            organization_id=organization_id, knowledge_base_id=base.id, source_uri="file:a.md", name="a.md"
        )
        session.add_all([configured, document])
        session.flush()
        version = DocumentVersion(
            organization_id=organization_id, document_id=document.id, number=1, content_hash=HASH,
            pipeline_version="1", state=VersionState.READY, media_type="text/markdown", byte_size=100, page_count=2,
            language="en", seconds=0.5, chunking="headings", expected_count=1, ready_at=now + timedelta(seconds=2),
        )  # fmt: skip
        session.add(version)
        session.flush()
        chunk = Chunk(
            id=uuid.uuid4(), organization_id=organization_id, document_version_id=version.id, document_id=document.id,
            chunking="headings", ordinal=0, text="Refunds take ten days.", text_hash=HASH, token_count=6, char_start=0, char_end=22,
        )  # fmt: skip
        job = Job(
            organization_id=organization_id, kind="document.ingest", subject_id=version.id, state=JobState.SUCCEEDED,
            attempts=2, started_at=now + timedelta(seconds=1), finished_at=now + timedelta(seconds=2),
        )  # fmt: skip
        session.add_all([chunk, job])
        bot.current_version_id = configured.id
        document.current_version_id = version.id
        return Studio(
            organization_id, bot.id, configured.id, base.id, document.id, version.id, chunk.id, index.id
        )  # fmt: skip


def make_visitor(owner: Engine, studio: Studio, *, kept_for: timedelta = timedelta(days=30)) -> uuid.UUID:
    """Somebody without an account who asked the bot; over already where `kept_for` is negative."""
    with owner_session(owner) as session:
        row = Visitor(
            organization_id=studio.organization_id, chatbot_id=studio.bot_id, token_hash=uuid.uuid4().bytes,
            expires_at=datetime.now(UTC) + kept_for,
        )  # fmt: skip
        session.add(row)
        session.flush()
        return row.id


def open_turn(
    owner: Engine, studio: Studio, *, channel: Channel = Channel.API, visitor_id: uuid.UUID | None = None
) -> Turn:
    """A committed question whose answer is still streaming."""
    with owner_session(owner) as session:
        conversation = Conversation(
            organization_id=studio.organization_id, chatbot_id=studio.bot_id, channel=channel, title="Refunds",
            visitor_id=visitor_id,
        )  # fmt: skip
        session.add(conversation)
        session.flush()
        asked = _message(studio, conversation.id, 0, MessageRole.USER, MessageState.COMPLETE, "How long?")
        session.add(asked)
        session.flush()
        reserved = _message(studio, conversation.id, 1, MessageRole.ASSISTANT, MessageState.STREAMING, "")
        session.add(reserved)
        session.flush()
        return Turn(conversation.id, asked.id, reserved.id)


def understanding(
    intent: str | None = None, *, is_out_of_scope: bool | None = None, sentiment: str | None = None
) -> dict[str, Any]:
    """What a receipt keeps of a question."""
    return {
        "language": "en",
        "language_confidence": 0.99,
        "intent": intent,
        "likeliest_intent": intent,
        "intent_confidence": 0.9,
        "intent_threshold": 0.5,
        "is_out_of_scope": is_out_of_scope,
        "entities": [{"kind": "email", "start": 0, "end": 5, "confidence": 1.0, "is_custom": False}],
        "sentiment": {"label": sentiment, "score": -0.6} if sentiment else None,
        "unavailable": {"names": "off"},
        "latencies_ms": {"language": 0.4},
    }


def close_turn(
    owner: Engine,
    studio: Studio,
    turn: Turn,
    *,
    is_refused: bool = False,
    total_ms: float = 120.0,
    understood: dict[str, Any] | None = None,
) -> None:
    """Complete the answer with receipt, one passage and usage, as serving does."""
    with owner_session(owner) as session:
        message = session.get_one(Message, turn.message_id)
        message.state, message.content = MessageState.COMPLETE, "Ten days."
        message.completed_at = datetime.now(UTC)
        _receipt(session, studio, turn, is_refused=is_refused, total_ms=total_ms, understood=understood)


def answered_turn(
    owner: Engine,
    studio: Studio,
    *,
    channel: Channel = Channel.API,
    total_ms: float = 120.0,
    understood: dict[str, Any] | None = None,
    visitor_id: uuid.UUID | None = None,
) -> Turn:
    """A question with its complete answer."""
    turn = open_turn(owner, studio, channel=channel, visitor_id=visitor_id)
    close_turn(owner, studio, turn, total_ms=total_ms, understood=understood)
    return turn


def rate(owner: Engine, studio: Studio, turn: Turn, rating: int) -> uuid.UUID:
    """A thumb on the answer."""
    with owner_session(owner) as session:
        row = Feedback(organization_id=studio.organization_id, message_id=turn.message_id, rating=rating)
        session.add(row)
        session.flush()
        return row.id


def _message(
    studio: Studio, conversation_id: uuid.UUID, ordinal: int, role: MessageRole, state: MessageState, content: str
) -> Message:
    return Message(
        organization_id=studio.organization_id, conversation_id=conversation_id, ordinal=ordinal, role=role,
        state=state, content=content, completed_at=datetime.now(UTC) if content else None,
    )  # fmt: skip


def _receipt(
    session: Session,
    studio: Studio,
    turn: Turn,
    *,
    is_refused: bool,
    total_ms: float,
    understood: dict[str, Any] | None,
) -> None:
    receipt = Receipt(
        organization_id=studio.organization_id, message_id=turn.message_id, question_id=turn.question_id,
        conversation_id=turn.conversation_id, chatbot_id=studio.bot_id, chatbot_version_id=studio.bot_version_id,
        index_version_id=studio.index_version_id, retrieval_settings={"limit": 6}, prompt_template="extractive",
        prompt_hash=HASH, provider="extractive", model="sentences", parameters={},
        finish_reason="refused" if is_refused else "stop", is_refused=is_refused, prompt_tokens=10,
        completion_tokens=4, cost_reserved_usd=Decimal("0.002"), cost_settled_usd=Decimal("0.001"),
        latencies_ms={"embed": 5.0, "search": 7.0, "generate": 20.0, "total": total_ms}, language="en",
        understanding=understood,
    )  # fmt: skip
    session.add(receipt)
    session.flush()
    session.add(
        ReceiptPassage(
            organization_id=studio.organization_id,
            receipt_id=receipt.id,
            rank=1,
            rank_before_rerank=1,
            chunk_id=studio.chunk_id,
            document_id=studio.document_id,
            document_version_id=studio.document_version_id,
            text_hash=HASH,
            char_start=0,
            char_end=22,
            scores={"vector": 0.8},
            citation=None if is_refused else 1,
            quotes=[] if is_refused else ["ten days"],
        )
    )
    session.add(
        UsageRecord(
            organization_id=studio.organization_id,
            message_id=turn.message_id,
            chatbot_id=studio.bot_id,
            provider="extractive",
            model="sentences",
            prompt_tokens=10,
            completion_tokens=4,
            cost_usd=Decimal("0.001"),
        )
    )
