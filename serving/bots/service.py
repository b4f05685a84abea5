"""Bots and their versions."""

import hashlib
import json
import uuid
from collections.abc import Sequence

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from serving.accounts.audit import record
from serving.accounts.principal import Actor
from serving.bots import repository
from serving.bots.errors import (
    ChatbotNotFoundError,
    ChatbotSlugTakenError,
    TemplateNotFoundError,
    UnknownKnowledgeBaseError,
)
from serving.bots.schemas import ChatbotConfig, ChatbotCreate, ChatbotOut, ChatbotUpdate
from serving.inference.connections.choosing import check_routing
from storage.postgres.models.chatbot import Chatbot, ChatbotAccess, ChatbotStatus
from storage.postgres.models.chatbot_template import ChatbotTemplate
from storage.postgres.models.chatbot_version import ChatbotVersion

# What is the bot's own; everything else of a change is configuration, and makes a version.
_OF_THE_BOT = frozenset(
    {
        "name", "description", "status", "access", "daily_questions_per_visitor", "daily_questions_of_all_visitors",
        "frame_origins",
    }
)  # fmt: skip


def config_hash(config: ChatbotConfig) -> str:
    """SHA-256 of the canonical JSON of a configuration."""
    return hashlib.sha256(json.dumps(config.model_dump(mode="json"), sort_keys=True).encode()).hexdigest()


def _out(row: Chatbot, version: ChatbotVersion) -> ChatbotOut:
    return ChatbotOut(
        id=row.id,
        name=row.name,
        slug=row.slug,
        description=row.description,
        status=ChatbotStatus(row.status),
        access=ChatbotAccess(row.access),
        daily_questions_per_visitor=row.daily_questions_per_visitor,
        daily_questions_of_all_visitors=row.daily_questions_of_all_visitors,
        frame_origins=row.frame_origins,
        template_id=row.template_id,
        version=version.number,
        version_id=version.id,
        config=ChatbotConfig.model_validate(version.config),
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


async def list_templates(session: AsyncSession, *, category: str | None = None) -> Sequence[ChatbotTemplate]:
    """Templates for the gallery."""
    return await repository.templates(session, category=category)


async def get_template(session: AsyncSession, template_id: str) -> ChatbotTemplate:
    """One template with its configuration."""
    row = await repository.template(session, template_id)
    if row is None:
        raise TemplateNotFoundError(f"No template has the identifier {template_id!r}")
    return row


async def list_chatbots(session: AsyncSession) -> list[ChatbotOut]:
    """Bots of the organization."""
    return [_out(row, version) for row, version in await repository.chatbots(session)]


async def get_chatbot(session: AsyncSession, reference: uuid.UUID | str) -> ChatbotOut:
    """One bot, by id or slug."""
    found = await repository.chatbot(session, reference)
    if found is None:
        raise ChatbotNotFoundError
    return _out(*found)


async def create_chatbot(session: AsyncSession, actor: Actor, body: ChatbotCreate) -> ChatbotOut:
    """Make a bot; what the request leaves out comes from the template."""
    template = await get_template(session, body.template_id) if body.template_id else None
    conversation = template.conversation_config if template else {}
    prompts = (template.ai_config or {}) if template else {}
    config = ChatbotConfig(
        welcome_message=_first(body.welcome_message, conversation.get("welcome_message")),
        system_prompt=_first(body.system_prompt, prompts.get("system_prompt")),
        knowledge_base_ids=list(dict.fromkeys(body.knowledge_base_ids)),
        reads_all_knowledge_bases=body.reads_all_knowledge_bases,
        routing=body.routing,
    )
    row = Chatbot(
        organization_id=actor.organization_id,
        name=body.name,
        slug=body.slug,
        description=body.description if body.description is not None else (template.description if template else None),
        template_id=template.id if template else None,
        status=ChatbotStatus.PUBLISHED,
        created_by=actor.user_id,
    )
    session.add(row)
    try:
        await session.flush()
    except IntegrityError as error:
        raise ChatbotSlugTakenError(f"Another chatbot has the slug {body.slug}; choose another one") from error
    version = await _set_config(session, actor, row, config)
    record(session, actor, "chatbot.created", subject_type="chatbot", subject_id=row.id)
    await session.refresh(row)
    return _out(row, version)


async def update_chatbot(session: AsyncSession, actor: Actor, chatbot_id: uuid.UUID, body: ChatbotUpdate) -> ChatbotOut:
    """Change a bot. Answers given before keep the version that they were given under."""
    found = await repository.chatbot(session, chatbot_id)
    if found is None:
        raise ChatbotNotFoundError
    row, version = found
    changes = body.model_dump(exclude_unset=True, exclude_none=True, mode="json")
    for name in _OF_THE_BOT & changes.keys():
        setattr(row, name, changes.pop(name))
    config = ChatbotConfig.model_validate({**version.config, **changes})
    if changes:
        had = ChatbotConfig.model_validate(version.config).knowledge_base_ids
        version = await _set_config(session, actor, row, config, had=had)
    record(
        session,
        actor,
        "chatbot.updated",
        subject_type="chatbot",
        subject_id=row.id,
        details={
            "version": version.number,
            "fields": sorted(body.model_fields_set),
            **({"access": row.access} if body.access is not None else {}),
        },
    )
    await session.flush()
    await session.refresh(row)
    return _out(row, version)


async def archive_chatbot(session: AsyncSession, actor: Actor, chatbot_id: uuid.UUID) -> None:
    """Take a bot out of service; its conversations and receipts stay."""
    found = await repository.chatbot(session, chatbot_id)
    if found is None:
        raise ChatbotNotFoundError
    found[0].status = ChatbotStatus.ARCHIVED
    record(session, actor, "chatbot.archived", subject_type="chatbot", subject_id=chatbot_id)


async def _set_config(
    session: AsyncSession, actor: Actor, row: Chatbot, config: ChatbotConfig, *, had: Sequence[uuid.UUID] = ()
) -> ChatbotVersion:
    # What the bot had stays: a knowledge base that was archived since is not to block every other change.
    wanted = set(config.knowledge_base_ids) - set(had)
    missing = wanted - await repository.known_knowledge_bases(session, list(wanted))
    if missing:
        raise UnknownKnowledgeBaseError(f"No such knowledge base: {', '.join(sorted(map(str, missing)))}")
    await check_routing(session, config.routing)
    number = await repository.next_version_number(session, row.id)
    digest = config_hash(config)
    version = await repository.version_with_hash(session, row.id, digest)
    if version is None:
        version = ChatbotVersion(
            organization_id=row.organization_id,
            chatbot_id=row.id,
            number=number,
            config=config.model_dump(mode="json"),
            config_hash=digest,
            created_by=actor.user_id,
        )
        session.add(version)
        await session.flush()
    row.current_version_id = version.id
    await repository.link_knowledge_bases(session, row, config.knowledge_base_ids)
    await session.flush()
    return version


def _first(*values: str | None) -> str:
    return next((value for value in values if value is not None), "")
