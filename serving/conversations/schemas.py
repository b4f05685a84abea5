"""Shapes of the conversation routes."""

import uuid
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from serving.accounts.schemas import Read, Write
from serving.conversations.handovers.schemas import HandoverOut
from serving.inference.provider import FinishReason
from serving.language.schemas import UnderstoodOut
from storage.postgres.models.conversation import Asker, Channel
from storage.postgres.models.conversation_fact import FactKind, FactSubject
from storage.postgres.models.handover import HandoverState
from storage.postgres.models.message import MessageAuthor, MessageRole, MessageState

MAX_QUESTION_CHARACTERS = 8000
Question = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_QUESTION_CHARACTERS, pattern=r"^[^\x00]*$"),
]


class ConversationCreate(Write):
    """Start a conversation with a bot."""

    chatbot_id: uuid.UUID
    title: Annotated[str, StringConstraints(strip_whitespace=True, max_length=255)] | None = None
    channel: Literal[Channel.API, Channel.DASHBOARD, Channel.WEB] = Channel.API


class ConversationOut(Read):
    """A conversation."""

    id: uuid.UUID
    chatbot_id: uuid.UUID
    chatbot_name: str
    channel: Channel
    asker: Asker
    title: str | None
    messages: int
    handover: HandoverState | None = Field(
        description="while a person is to answer: requested, or assigned once one does"
    )
    created_at: datetime
    updated_at: datetime


class ConversationStarted(ConversationOut):
    """A fresh conversation with the bot's first words."""

    welcome_message: str


class MessageCreate(Write):
    """Ask; with `stream` the answer comes as server-sent events."""

    content: Question
    stream: bool = False


class CitationOut(Read):
    """A source of an answer; `url` opens the passage."""

    number: int
    chunk_id: uuid.UUID
    document_id: uuid.UUID
    document_name: str
    page: int | None
    heading_path: list[str]
    char_start: int
    char_end: int
    score: float
    quotes: list[str]
    url: str


class ToolCallOut(Read):
    """A tool that the model asks for."""

    id: str
    name: str
    arguments: str = Field(description="a JSON object, as text")


class AnswerOut(Read):
    """A finished answer."""

    message_id: uuid.UUID
    conversation_id: uuid.UUID
    question_id: uuid.UUID
    content: str
    is_refused: bool
    citations: list[CitationOut]
    related: list[CitationOut] = Field(
        default_factory=list, description="after a refusal: the closest passages, which did not answer the question"
    )
    suggestions: list[str] = Field(
        default_factory=list, description="after a refusal: what the closest passages are about, to ask about instead"
    )
    receipt_url: str | None = Field(description="null when a person is to answer")
    prompt_tokens: int
    completion_tokens: int
    handover: HandoverOut | None = Field(
        default=None, description="set when a person will reply; `message_id` is the question's until they do"
    )
    translated_from: str | None = Field(
        default=None, description="language of the quotes when `content` is a translation of them; citations keep them"
    )
    finish_reason: FinishReason = FinishReason.STOP
    tool_calls: list[ToolCallOut] = Field(
        default_factory=list, description="tools to call, of those that were offered with the question"
    )


class MessageOut(Read):
    """A turn of a conversation."""

    id: uuid.UUID
    conversation_id: uuid.UUID
    parent_id: uuid.UUID | None
    ordinal: int
    role: MessageRole
    author: MessageAuthor
    state: MessageState
    content: str
    error_type: str | None
    created_at: datetime
    completed_at: datetime | None
    rating: int | None = Field(default=None, description="the asker's own thumb, 1 or -1")
    sibling: int = Field(default=1, description="which of its siblings it is, from 1, oldest first")
    siblings: int = Field(default=1, description="turns that follow the same turn, itself included")
    is_active: bool = Field(default=True, description="whether it is on the branch that is shown and gone on with")


class BranchSwitch(Write):
    """Go on with the branch that a turn is on."""

    message_id: uuid.UUID


class MessageEdit(MessageCreate):
    """Ask a question in other words; the old one stays on its branch."""


class MessageRetry(Write):
    """Answer once more; the old answer stays on its branch."""

    stream: bool = False


class FactOut(Read):
    """Something that a person said of themselves or their matter, and the message in which they did."""

    id: uuid.UUID
    subject: FactSubject
    kind: FactKind
    text: str
    confidence: float
    source_message_id: uuid.UUID
    supersedes_id: uuid.UUID | None
    valid_from: datetime
    valid_until: datetime | None


class TopicOut(Read):
    """Questions of the active branch that belong together."""

    label: str
    message_ids: list[uuid.UUID]
    last_asked_at: datetime
    is_current: bool


class ReceiptPassageOut(Read):
    """A passage that the answer was given."""

    rank: int
    rank_before_rerank: int
    citation: int | None
    quotes: list[str]
    chunk_id: uuid.UUID | None
    document_id: uuid.UUID | None
    document_version_id: uuid.UUID | None
    document_name: str | None
    document_version: int | None
    page: int | None
    boxes: list[list[float]] | None
    char_start: int
    char_end: int
    text_hash: str
    scores: dict[str, float]
    erased_at: datetime | None = Field(description="when the passage was erased for good; its quotes are gone")
    is_withheld: bool = Field(
        default=False, description="whether you may not read its document: what it says and where it stands is left out"
    )


class FeedbackInReceipt(Read):
    """A thumb on the answer."""

    rating: int
    comment: str | None
    created_at: datetime


class EvalInReceipt(Read):
    """A score that an evaluation gave the answer."""

    task: str
    scorer: str
    value: float


class ReceiptOut(Read):
    """Everything that an answer came from."""

    id: uuid.UUID
    message_id: uuid.UUID
    question_id: uuid.UUID
    conversation_id: uuid.UUID
    question: str
    answer: str
    chatbot_id: uuid.UUID
    chatbot_name: str
    chatbot_version_id: uuid.UUID
    chatbot_version: int
    conversation_flow_id: uuid.UUID | None
    experiment: str | None
    arm: str | None
    index_version_id: uuid.UUID | None
    index_version: int | None
    embedding_model: str | None
    standalone_question: str | None = Field(description="what was searched for, when it is not what was typed")
    retrieval_settings: dict[str, Any]
    passages: list[ReceiptPassageOut]
    prompt_template: str
    prompt_hash: str
    provider: str
    model: str
    model_connection_id: uuid.UUID | None = Field(description="where the model answered; null for quoted sentences")
    organization_model_id: uuid.UUID | None
    adapter_hash: str | None
    parameters: dict[str, Any]
    finish_reason: str
    is_refused: bool
    prompt_tokens: int
    completion_tokens: int
    cost_reserved_usd: Decimal
    cost_settled_usd: Decimal
    latencies_ms: dict[str, float]
    language: str | None
    understanding: UnderstoodOut | None = Field(description="what was found of the question; null when that is off")
    guard_decisions: dict[str, Any]
    feedback: list[FeedbackInReceipt]
    evals: list[EvalInReceipt]
    created_at: datetime
