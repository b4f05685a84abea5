"""What the client returns, so that its users need no other part of serving."""

from ingestion.index_builds.estimate import IndexEstimate
from ingestion.index_builds.gate_record import GateRecord
from ingestion.ingestions import IngestionProgress
from serving.accounts.group_schemas import GroupOut
from serving.accounts.schemas import MembershipOut, MeOut, SessionOut
from serving.bots.schemas import ChatbotOut, TemplateOut
from serving.conversations.handovers.schemas import HandoverCounts, HandoverOut, QueuedHandover
from serving.conversations.openings.schemas import CannedReplyOut
from serving.conversations.schemas import (
    AnswerOut,
    CitationOut,
    ConversationOut,
    ConversationStarted,
    MessageOut,
    ReceiptOut,
)
from serving.index_versions.schemas import FlippedOut, IndexVersionOut, JobOut
from serving.inference.connections.schemas import ModelOut
from serving.judgements.schemas import ComparisonOut, Estimate, LabelOut, SideOut
from serving.knowledge.bulk_schemas import BulkOut, RelocationOut, SharedBot
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
from serving.language.intents.schemas import (
    Confusion,
    ExampleOut,
    ExamplesAdded,
    IntentMetrics,
    IntentModelOut,
    IntentOut,
    IntentsOut,
)
from serving.language.schemas import EntityOut, UnderstandingOut
from serving.retrieval.schemas import FoundOut, SearchOut
from serving.retrieval.settings import RetrievalOverrides
from serving.traffic.schemas import ModelTraffic, ServerTraffic, TrafficBucket, TrafficOut

__all__ = [
    "AnswerOut",
    "BulkOut",
    "CannedReplyOut",
    "ChatbotOut",
    "CitationOut",
    "ComparisonOut",
    "Confusion",
    "ConversationOut",
    "ConversationStarted",
    "DiffOut",
    "DocumentOut",
    "DuplicateOut",
    "EntityOut",
    "Estimate",
    "ExampleOut",
    "ExamplesAdded",
    "FlippedOut",
    "FoundOut",
    "GateRecord",
    "GroupOut",
    "HandoverCounts",
    "HandoverOut",
    "IndexEstimate",
    "IndexVersionOut",
    "IngestionProgress",
    "IntentMetrics",
    "IntentModelOut",
    "IntentOut",
    "IntentsOut",
    "JobOut",
    "KnowledgeBaseOut",
    "LabelOut",
    "MeOut",
    "MembershipOut",
    "MessageOut",
    "ModelOut",
    "ModelTraffic",
    "PassageChangeOut",
    "PassageOut",
    "QueuedHandover",
    "ReceiptOut",
    "RelocationOut",
    "RetrievalOverrides",
    "SearchOut",
    "ServerTraffic",
    "SessionOut",
    "SharedBot",
    "SideOut",
    "TemplateOut",
    "TrafficBucket",
    "TrafficOut",
    "UnderstandingOut",
    "UploadOut",
    "VersionAction",
    "VersionDecided",
    "VersionOut",
]
