"""Routes of the intents of a bot."""

import uuid
from typing import Annotated, Any

from fastapi import APIRouter, Query

from serving.dependencies import BotReader, BotWriter, Context, Database
from serving.language.intents import models, service
from serving.language.intents.schemas import (
    ExampleOut,
    ExamplesAdded,
    ExamplesCreate,
    IntentCreate,
    IntentMetrics,
    IntentModelOut,
    IntentOut,
    IntentsOut,
    IntentTest,
    IntentUpdate,
)

router = APIRouter(prefix="/api/v1/chatbots/{chatbot_id}/intents", tags=["language"])


@router.get("")
async def list_intents(actor: BotReader, chatbot_id: uuid.UUID, session: Database) -> IntentsOut:
    """Intents of a bot, and the model that is live."""
    return await models.overview(session, chatbot_id)


@router.post("", status_code=201)
async def create_intent(actor: BotWriter, chatbot_id: uuid.UUID, body: IntentCreate, session: Database) -> IntentOut:
    """Add an intent with its first examples."""
    return await service.create_intent(session, actor, chatbot_id, body)


@router.post("/examples", status_code=201)
async def add_examples(
    actor: BotWriter, chatbot_id: uuid.UUID, body: ExamplesCreate, session: Database
) -> ExamplesAdded:
    """Add examples of many intents at once; intents that are not there yet are made."""
    return await service.add_examples(session, actor, chatbot_id, body.examples)


@router.post("/train", status_code=201)
async def train(actor: BotWriter, chatbot_id: uuid.UUID, context: Context) -> IntentModelOut:
    """Learn from the examples, judge by cross-validation, and make the new model live."""
    return await models.train(context, actor, chatbot_id)


@router.post("/test")
async def test(actor: BotReader, chatbot_id: uuid.UUID, body: IntentTest, context: Context) -> IntentMetrics:
    """Judge the live model on texts with their right intents; null stands for out of scope."""
    return await models.test(context, actor, chatbot_id, body.examples)


@router.get("/models")
async def list_models(actor: BotReader, chatbot_id: uuid.UUID, session: Database) -> list[IntentModelOut]:
    """Trained models, newest first."""
    return await models.list_models(session, chatbot_id)


@router.post("/models/{model_id}/activate")
async def activate_model(
    actor: BotWriter, chatbot_id: uuid.UUID, model_id: uuid.UUID, session: Database
) -> IntentModelOut:
    """Make an earlier model live again."""
    return await models.activate(session, actor, chatbot_id, model_id)


@router.patch("/{intent_id}")
async def update_intent(
    actor: BotWriter, chatbot_id: uuid.UUID, intent_id: uuid.UUID, body: IntentUpdate, session: Database
) -> IntentOut:
    """Rename or describe an intent."""
    return await service.update_intent(session, actor, chatbot_id, intent_id, body)


@router.delete("/{intent_id}", status_code=204)
async def delete_intent(actor: BotWriter, chatbot_id: uuid.UUID, intent_id: uuid.UUID, session: Database) -> None:
    """Remove an intent with its examples."""
    await service.delete_intent(session, actor, chatbot_id, intent_id)


@router.get("/{intent_id}/examples", response_model=list[ExampleOut])
async def list_examples(
    actor: BotReader,
    chatbot_id: uuid.UUID,
    intent_id: uuid.UUID,
    session: Database,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
    offset: Annotated[int, Query(ge=0)] = 0,
) -> Any:
    """Examples of an intent, oldest first."""
    return await service.list_examples(session, chatbot_id, intent_id, limit=limit, offset=offset)


@router.delete("/{intent_id}/examples/{example_id}", status_code=204)
async def delete_example(
    actor: BotWriter, chatbot_id: uuid.UUID, intent_id: uuid.UUID, example_id: uuid.UUID, session: Database
) -> None:
    """Take an example away."""
    await service.delete_example(session, actor, chatbot_id, intent_id, example_id)
