"""Queries of bots."""

import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import BindParameter, Row, Select, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.postgres.models.chatbot import Chatbot, ChatbotStatus
from storage.postgres.models.chatbot_knowledge_base import ChatbotKnowledgeBase
from storage.postgres.models.chatbot_template import ChatbotTemplate
from storage.postgres.models.chatbot_version import ChatbotVersion
from storage.postgres.models.knowledge_base import KnowledgeBase


async def templates(session: AsyncSession, *, category: str | None) -> Sequence[ChatbotTemplate]:
    """Active templates, featured first, then by name."""
    statement = select(ChatbotTemplate).where(
        ChatbotTemplate.is_active.is_(True), ChatbotTemplate.archived_at.is_(None)
    )
    if category is not None:
        statement = statement.where(ChatbotTemplate.category == category)
    ordered = statement.order_by(ChatbotTemplate.is_featured.desc(), ChatbotTemplate.name, ChatbotTemplate.id)
    return (await session.scalars(ordered)).all()


async def template(session: AsyncSession, template_id: str) -> ChatbotTemplate | None:
    """The template with this identifier."""
    found: ChatbotTemplate | None = await session.scalar(
        select(ChatbotTemplate).where(ChatbotTemplate.template_id == template_id)
    )
    return found


async def chatbots(session: AsyncSession) -> Sequence[Row[Chatbot, ChatbotVersion]]:
    """Bots that are not archived, with their current versions, by name."""
    statement = (
        select(Chatbot, ChatbotVersion)
        .join(ChatbotVersion, ChatbotVersion.id == Chatbot.current_version_id)
        .where(Chatbot.status != ChatbotStatus.ARCHIVED)
        .order_by(Chatbot.name, Chatbot.id)
    )
    return (await session.execute(statement)).all()


def chatbot_statement(
    reference: uuid.UUID | str | BindParameter[Any], *, is_by_id: bool
) -> Select[Chatbot, ChatbotVersion]:
    """Selects one bot by id or slug, with its current version."""
    wanted: Any = Chatbot.id == reference if is_by_id else Chatbot.slug == reference
    return (
        select(Chatbot, ChatbotVersion)
        .join(ChatbotVersion, ChatbotVersion.id == Chatbot.current_version_id)
        .where(wanted, Chatbot.status != ChatbotStatus.ARCHIVED)
    )


async def chatbot(session: AsyncSession, reference: uuid.UUID | str) -> Row[Chatbot, ChatbotVersion] | None:
    """One bot by id or slug, with its current version."""
    statement = chatbot_statement(reference, is_by_id=isinstance(reference, uuid.UUID))
    return (await session.execute(statement)).one_or_none()


async def next_version_number(session: AsyncSession, chatbot_id: uuid.UUID) -> int:
    """Number of the next version; the bot's row is locked until the transaction ends."""
    await session.execute(select(Chatbot.id).where(Chatbot.id == chatbot_id).with_for_update())
    newest = await session.scalar(
        select(func.max(ChatbotVersion.number)).where(ChatbotVersion.chatbot_id == chatbot_id)
    )
    return (newest or 0) + 1


async def version_with_hash(session: AsyncSession, chatbot_id: uuid.UUID, config_hash: str) -> ChatbotVersion | None:
    """An earlier version with the same configuration."""
    found: ChatbotVersion | None = await session.scalar(
        select(ChatbotVersion).where(ChatbotVersion.chatbot_id == chatbot_id, ChatbotVersion.config_hash == config_hash)
    )
    return found


async def all_knowledge_bases(session: AsyncSession) -> list[uuid.UUID]:
    """Every knowledge base that is not archived."""
    statement = select(KnowledgeBase.id).where(KnowledgeBase.archived_at.is_(None)).order_by(KnowledgeBase.id)
    return list((await session.scalars(statement)).all())


async def known_knowledge_bases(session: AsyncSession, ids: Sequence[uuid.UUID]) -> set[uuid.UUID]:
    """Those of the ids that exist here."""
    statement = select(KnowledgeBase.id).where(KnowledgeBase.id.in_(ids), KnowledgeBase.archived_at.is_(None))
    return set((await session.scalars(statement)).all())


async def link_knowledge_bases(session: AsyncSession, row: Chatbot, ids: Sequence[uuid.UUID]) -> None:
    """Make the bot read exactly these knowledge bases."""
    await session.execute(delete(ChatbotKnowledgeBase).where(ChatbotKnowledgeBase.chatbot_id == row.id))
    session.add_all(
        ChatbotKnowledgeBase(organization_id=row.organization_id, chatbot_id=row.id, knowledge_base_id=i)
        for i in dict.fromkeys(ids)
    )
