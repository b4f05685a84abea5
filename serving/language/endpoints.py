"""The route that understands a text."""

import uuid
from typing import Any

from fastapi import APIRouter

from serving.dependencies import BotReader, Context
from serving.language import service
from serving.language.schemas import UnderstandCreate, UnderstandingOut

router = APIRouter(prefix="/api/v1/chatbots", tags=["language"])


@router.post("/{chatbot_id}/understand", response_model=UnderstandingOut)
async def understand(actor: BotReader, chatbot_id: uuid.UUID, body: UnderstandCreate, context: Context) -> Any:
    """Say what a bot understands of a text: language, intent, entities, sentiment. Nothing is kept."""
    return (await service.understand(context, actor, chatbot_id, body)).as_json()
