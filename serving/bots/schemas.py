"""Shapes of the bots routes."""

import uuid
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from serving.accounts.schemas import Name, Read, Slug, Write
from serving.bots.handover_config import HandoverConfig
from serving.inference.routing.config import RoutingConfig
from serving.language.schemas import LanguageConfig
from serving.retrieval.settings import RetrievalOverrides
from storage.postgres.models.chatbot import ChatbotAccess, ChatbotStatus

Host = Annotated[str, StringConstraints(to_lower=True, max_length=253, pattern=r"^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$")]
# An origin as browsers write it: https, a host, a port where it is not 443; no path, no pattern.
FrameOrigin = Annotated[
    str,
    StringConstraints(
        to_lower=True, max_length=270, pattern=r"^https://[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*(:[1-9][0-9]{0,4})?$"
    ),
]
Daily = Annotated[int, Field(ge=1, le=1_000_000)]
LongText = Annotated[str, StringConstraints(max_length=20_000)]


class RetrievalConfig(RetrievalOverrides):
    """How a bot finds passages; what it does not say is up to its knowledge bases."""

    limit: int = Field(default=6, ge=1, le=50, description="passages given to the answerer")


class ChatbotConfig(BaseModel):
    """What an answer depends on; kept whole in every version of a bot."""

    model_config = ConfigDict(extra="forbid")

    welcome_message: LongText = ""
    system_prompt: LongText = ""
    provider: Literal["extractive"] = "extractive"
    model: str = Field(default="extractive-1", max_length=200)
    parameters: dict[str, float | int] = Field(default_factory=dict, max_length=20)
    answers_from: Literal["documents", "model"] = Field(
        default="documents", description="documents: every answer cites passages; model: a chat without documents"
    )
    caches_answers: bool = Field(
        default=True, description="give the same answer to the same prompt for ten minutes, when sampling is off"
    )
    allowed_link_hosts: list[Host] = Field(
        default_factory=list, max_length=50, description="hosts that answers may link to beside what passages spell out"
    )
    routing: RoutingConfig = RoutingConfig()
    retrieval: RetrievalConfig = RetrievalConfig()
    language: LanguageConfig = LanguageConfig()
    handover: HandoverConfig = HandoverConfig()
    knowledge_base_ids: list[uuid.UUID] = Field(default_factory=list, max_length=100)
    reads_all_knowledge_bases: bool = Field(default=False, description="also those that are made later")


class TemplateOut(Read):
    """A template, as the gallery shows it."""

    id: uuid.UUID
    template_id: str
    name: str
    description: str | None
    category: str
    industry: str | None
    use_case: str | None
    version: str
    complexity_level: str | None
    price_tier: str | None
    tags: list[str] | None
    supported_languages: list[str] | None
    estimated_setup_time: int | None
    is_featured: bool | None


class TemplateDetail(TemplateOut):
    """A template with its configuration."""

    conversation_config: dict[str, Any]
    ui_config: dict[str, Any] | None
    ai_config: dict[str, Any] | None
    integration_config: dict[str, Any] | None
    deployment_config: dict[str, Any] | None
    required_integrations: list[str] | None
    minimum_plan: str | None


class ChatbotCreate(Write):
    """Make a bot, from a template or from nothing."""

    name: Name
    slug: Slug
    description: LongText | None = None
    template_id: Annotated[str, StringConstraints(max_length=50)] | None = Field(
        default=None, description="identifier of a template, for example `hr-people-ops-expert-v1`"
    )
    knowledge_base_ids: list[uuid.UUID] = Field(default_factory=list, max_length=100)
    reads_all_knowledge_bases: bool = False
    welcome_message: LongText | None = Field(default=None, description="instead of the template's")
    system_prompt: LongText | None = Field(default=None, description="instead of the template's")
    routing: RoutingConfig = Field(
        default_factory=RoutingConfig, description="which models answer; the extractive answerer unless given"
    )


class ChatbotUpdate(Write):
    """Change a bot; a change of its configuration makes a new version."""

    name: Name | None = None
    description: LongText | None = None
    status: ChatbotStatus | None = None
    access: ChatbotAccess | None = Field(
        default=None, description="anyone: visitors without an account may ask, at `/chat/{id}`, while it is published"
    )
    daily_questions_per_visitor: Daily | None = Field(default=None, description="questions of one visitor a day (UTC)")
    daily_questions_of_all_visitors: Daily | None = Field(
        default=None, description="questions of all visitors together a day (UTC)"
    )
    frame_origins: list[FrameOrigin] | None = Field(
        default=None,
        max_length=20,
        description="sites that may show the chat page inside theirs, for example `https://www.example.com`",
    )
    knowledge_base_ids: list[uuid.UUID] | None = Field(default=None, max_length=100)
    reads_all_knowledge_bases: bool | None = None
    welcome_message: LongText | None = None
    system_prompt: LongText | None = None
    retrieval: RetrievalConfig | None = None
    answers_from: Literal["documents", "model"] | None = None
    caches_answers: bool | None = None
    allowed_link_hosts: list[Host] | None = Field(default=None, max_length=50)
    routing: RoutingConfig | None = Field(default=None, description="which models answer, and how one is chosen")
    language: LanguageConfig | None = None
    handover: HandoverConfig | None = None


class ChatbotOut(Read):
    """A bot with its current configuration."""

    id: uuid.UUID
    name: str
    slug: str
    description: str | None
    status: ChatbotStatus
    access: ChatbotAccess
    daily_questions_per_visitor: int
    daily_questions_of_all_visitors: int
    frame_origins: list[str]
    template_id: uuid.UUID | None
    version: int
    version_id: uuid.UUID
    config: ChatbotConfig
    created_at: datetime
    updated_at: datetime
