"""What the client returns, so that its users need no other part of serving."""

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
from serving.knowledge.schemas import DocumentOut, KnowledgeBaseOut, PassageOut, UploadOut, VersionOut

__all__ = [
    "AnswerOut",
    "ChatbotOut",
    "CitationOut",
    "ConversationOut",
    "ConversationStarted",
    "DocumentOut",
    "IngestionProgress",
    "KnowledgeBaseOut",
    "MeOut",
    "MessageOut",
    "PassageOut",
    "ReceiptOut",
    "SessionOut",
    "TemplateOut",
    "UploadOut",
    "VersionOut",
]
