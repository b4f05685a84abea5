"""What the client returns, so that its users need no other part of serving."""

from ingestion.index_builds.estimate import IndexEstimate
from ingestion.index_builds.gate_record import GateRecord
from ingestion.ingestions import IngestionProgress
from serving.accounts.schemas import MeOut, SessionOut
from serving.bots.schemas import ChatbotOut, TemplateOut
from serving.conversations.schemas import (
    AnswerOut,
    CitationOut,
    ConversationOut,
    ConversationStarted,
    MessageOut,
    ReceiptOut,
)
from serving.index_versions.schemas import FlippedOut, IndexVersionOut, JobOut
from serving.knowledge.schemas import (
    DiffOut,
    DocumentOut,
    DuplicateOut,
    KnowledgeBaseOut,
    PassageChangeOut,
    PassageOut,
    UploadOut,
    VersionAction,
    VersionDecided,
    VersionOut,
)

__all__ = [
    "AnswerOut",
    "ChatbotOut",
    "CitationOut",
    "ConversationOut",
    "ConversationStarted",
    "DiffOut",
    "DocumentOut",
    "DuplicateOut",
    "FlippedOut",
    "GateRecord",
    "IndexEstimate",
    "IndexVersionOut",
    "IngestionProgress",
    "JobOut",
    "KnowledgeBaseOut",
    "MeOut",
    "MessageOut",
    "PassageChangeOut",
    "PassageOut",
    "ReceiptOut",
    "SessionOut",
    "TemplateOut",
    "UploadOut",
    "VersionAction",
    "VersionDecided",
    "VersionOut",
]
