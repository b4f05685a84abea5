"""Which bots read a knowledge base."""

import uuid

from sqlalchemy.ext.asyncio import AsyncSession

from serving.accounts.audit import record
from serving.accounts.principal import Actor
from serving.bots import service as bots
from serving.bots.errors import ChatbotNotFoundError
from serving.bots.schemas import ChatbotUpdate
from serving.knowledge.bases import open_knowledge_base
from serving.knowledge.bulk_schemas import SharedBot, SharingUpdate


async def list_bots(session: AsyncSession, knowledge_base_id: uuid.UUID) -> list[SharedBot]:
    """All bots, and whether each reads the knowledge base.

    Raises:
        KnowledgeBaseNotFoundError: Unknown here.
    """
    await open_knowledge_base(session, knowledge_base_id)
    return [
        SharedBot(
            id=bot.id,
            name=bot.name,
            slug=bot.slug,
            version=bot.version,
            reads_it=bot.config.reads_all_knowledge_bases or knowledge_base_id in bot.config.knowledge_base_ids,
            reads_all=bot.config.reads_all_knowledge_bases,
        )
        for bot in await bots.list_chatbots(session)
    ]


async def share(
    session: AsyncSession, actor: Actor, knowledge_base_id: uuid.UUID, body: SharingUpdate
) -> list[SharedBot]:
    """Make exactly these bots read the knowledge base; each that changes gets a new version.

    A bot that reads every knowledge base goes on doing so.

    Raises:
        KnowledgeBaseNotFoundError: Unknown here.
        ChatbotNotFoundError: One of the bots is unknown here.
    """
    await open_knowledge_base(session, knowledge_base_id)
    listed = await bots.list_chatbots(session)
    wanted = set(body.chatbot_ids)
    missing = wanted - {bot.id for bot in listed}
    if missing:
        raise ChatbotNotFoundError(f"No such bot: {', '.join(sorted(map(str, missing)))}")
    for bot in sorted(listed, key=lambda one: one.id):
        bases = bot.config.knowledge_base_ids
        if (knowledge_base_id in bases) == (bot.id in wanted):
            continue
        kept = [one for one in bases if one != knowledge_base_id]
        update = ChatbotUpdate(knowledge_base_ids=[*kept, knowledge_base_id] if bot.id in wanted else kept)
        await bots.update_chatbot(session, actor, bot.id, update)
    details = {"chatbots": sorted(map(str, wanted))}
    record(
        session,
        actor,
        "knowledge_base.shared",
        subject_type="knowledge_base",
        subject_id=knowledge_base_id,
        details=details,
    )
    return await list_bots(session, knowledge_base_id)
