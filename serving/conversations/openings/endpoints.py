"""Routes of conversation templates and canned replies."""

import uuid
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query

from serving.conversations.openings import service
from serving.conversations.openings.schemas import (
    CannedReplyCreate,
    CannedReplyOut,
    CannedReplyUpdate,
    ConversationFromTemplate,
    ConversationTemplateCreate,
    ConversationTemplateOut,
    OpenedConversation,
)
from serving.dependencies import Agent, BotReader, BotWriter, Converser, Database

router = APIRouter(prefix="/api/v1", tags=["openings"])


@router.get("/conversation-templates", response_model=list[ConversationTemplateOut])
async def list_templates(actor: BotReader, session: Database, chatbot_id: uuid.UUID | None = None) -> Sequence[Any]:
    """Openings by name, of one bot or of all."""
    return await service.list_templates(session, chatbot_id=chatbot_id)


@router.post("/conversation-templates", status_code=201, response_model=ConversationTemplateOut)
async def create_template(actor: BotWriter, body: ConversationTemplateCreate, session: Database) -> Any:
    """Add an opening."""
    return await service.create_template(session, actor, body)


@router.get("/conversation-templates/{conversation_template_id}", response_model=ConversationTemplateOut)
async def read_template(actor: BotReader, conversation_template_id: uuid.UUID, session: Database) -> Any:
    """One opening."""
    return await service.get_template(session, conversation_template_id)


@router.put("/conversation-templates/{conversation_template_id}", response_model=ConversationTemplateOut)
async def replace_template(
    actor: BotWriter, conversation_template_id: uuid.UUID, body: ConversationTemplateCreate, session: Database
) -> Any:
    """Put another content into an opening."""
    return await service.replace_template(session, actor, conversation_template_id, body)


@router.delete("/conversation-templates/{conversation_template_id}", status_code=204)
async def delete_template(actor: BotWriter, conversation_template_id: uuid.UUID, session: Database) -> None:
    """Remove an opening; conversations that were started from it stay."""
    await service.delete_template(session, actor, conversation_template_id)


@router.post("/conversation-templates/{conversation_template_id}/start", status_code=201)
async def start_from_template(
    actor: Converser, conversation_template_id: uuid.UUID, body: ConversationFromTemplate, session: Database
) -> OpenedConversation:
    """Start a conversation in which the bot has said its opening."""
    return await service.start_from_template(session, actor, conversation_template_id, body)


@router.get("/canned-replies", response_model=list[CannedReplyOut])
async def list_replies(
    actor: Agent,
    session: Database,
    q: Annotated[str | None, Query(max_length=200, description="words that shortcut, title or text hold")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Sequence[Any]:
    """Canned replies by shortcut."""
    return await service.list_replies(session, words=q, limit=limit)


@router.post("/canned-replies", status_code=201, response_model=CannedReplyOut)
async def create_reply(actor: Agent, body: CannedReplyCreate, session: Database) -> Any:
    """Add a canned reply."""
    return await service.create_reply(session, actor, body)


@router.patch("/canned-replies/{canned_reply_id}", response_model=CannedReplyOut)
async def update_reply(actor: Agent, canned_reply_id: uuid.UUID, body: CannedReplyUpdate, session: Database) -> Any:
    """Change a canned reply."""
    return await service.update_reply(session, actor, canned_reply_id, body)


@router.delete("/canned-replies/{canned_reply_id}", status_code=204)
async def delete_reply(actor: Agent, canned_reply_id: uuid.UUID, session: Database) -> None:
    """Remove a canned reply."""
    await service.delete_reply(session, actor, canned_reply_id)
