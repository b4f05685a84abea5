"""The first bot of an organization, so that the first document can be asked about at once."""

import uuid

from sqlalchemy import Engine

from serving.bots.schemas import ChatbotConfig
from serving.bots.service import config_hash
from storage.postgres.models.chatbot import Chatbot, ChatbotStatus
from storage.postgres.models.chatbot_version import ChatbotVersion
from storage.postgres.models.knowledge_base import KnowledgeBase
from storage.postgres.session import owner_session

WELCOME = "Hello! Ask me anything about your documents; I show where every answer comes from."


def create_default_bot(engine: Engine, organization_id: uuid.UUID, *, knowledge_base: str, slug: str) -> None:
    """Make a knowledge base and a bot that reads all knowledge bases."""
    config = ChatbotConfig(welcome_message=WELCOME, reads_all_knowledge_bases=True)
    with owner_session(engine) as session:
        bot = Chatbot(organization_id=organization_id, name="Assistant", slug=slug, status=ChatbotStatus.PUBLISHED)
        session.add_all(
            [bot, KnowledgeBase(organization_id=organization_id, name=knowledge_base.capitalize(), slug=knowledge_base)]
        )
        session.flush()
        version = ChatbotVersion(
            organization_id=organization_id,
            chatbot_id=bot.id,
            number=1,
            config=config.model_dump(mode="json"),
            config_hash=config_hash(config),
        )
        session.add(version)
        session.flush()
        bot.current_version_id = version.id
