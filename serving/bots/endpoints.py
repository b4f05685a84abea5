"""Routes of bots and templates."""

import uuid
from collections.abc import Sequence

from fastapi import APIRouter

from serving.bots import service
from serving.bots.schemas import ChatbotCreate, ChatbotOut, ChatbotUpdate, TemplateDetail, TemplateOut
from serving.dependencies import BotReader, BotWriter, Database
from storage.postgres.models.chatbot_template import ChatbotTemplate

router = APIRouter(prefix="/api/v1/chatbots", tags=["bots"])


@router.get("/templates", response_model=list[TemplateOut])
async def list_templates(actor: BotReader, session: Database, category: str | None = None) -> Sequence[ChatbotTemplate]:
    """Templates to make bots from."""
    return await service.list_templates(session, category=category)


@router.get("/templates/{template_id}", response_model=TemplateDetail)
async def read_template(actor: BotReader, template_id: str, session: Database) -> ChatbotTemplate:
    """One template with its configuration."""
    return await service.get_template(session, template_id)


@router.get("")
async def list_chatbots(actor: BotReader, session: Database) -> list[ChatbotOut]:
    """Bots of the organization."""
    return await service.list_chatbots(session)


@router.post("", status_code=201)
async def create_chatbot(actor: BotWriter, body: ChatbotCreate, session: Database) -> ChatbotOut:
    """Make a bot, from a template or from nothing."""
    return await service.create_chatbot(session, actor, body)


@router.get("/{chatbot_id}")
async def read_chatbot(actor: BotReader, chatbot_id: uuid.UUID, session: Database) -> ChatbotOut:
    """One bot with its current configuration."""
    return await service.get_chatbot(session, chatbot_id)


@router.patch("/{chatbot_id}")
async def update_chatbot(actor: BotWriter, chatbot_id: uuid.UUID, body: ChatbotUpdate, session: Database) -> ChatbotOut:
    """Change a bot; a change of its configuration makes a new version."""
    return await service.update_chatbot(session, actor, chatbot_id, body)


@router.delete("/{chatbot_id}", status_code=204)
async def archive_chatbot(actor: BotWriter, chatbot_id: uuid.UUID, session: Database) -> None:
    """Archive a bot."""
    await service.archive_chatbot(session, actor, chatbot_id)
