"""The transactions that open a turn: a new question, an edited one, an answer tried again, an interrupted one gone on with."""

import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession

from serving.accounts.principal import Actor
from serving.billing.ledger import budgets_of
from serving.bots import repository as bots
from serving.bots.errors import ChatbotNotFoundError
from serving.bots.schemas import ChatbotConfig
from serving.context import ServingContext
from serving.conversations import branches, repository
from serving.conversations.errors import (
    AnswerElsewhereError,
    ConversationClosedError,
    ConversationNotFoundError,
    MessageNotFoundError,
    NotAnAnswerError,
    NotAQuestionError,
    ResumeExpiredError,
)
from serving.conversations.handovers.requesting import handed_over
from serving.conversations.live.journal import MESSAGE_CREATED, record_event
from serving.conversations.memory.facts.storing import store_facts
from serving.conversations.memory.recall import recall
from serving.conversations.turns import LEASE, HandedOver, OpenTurn
from serving.retrieval.service import settings_of
from serving.visitors.limits import count_question
from storage.postgres.models.conversation import Channel, Conversation
from storage.postgres.models.message import Message, MessageAuthor, MessageRole, MessageState
from storage.postgres.session import async_organization_session

RESUMABLE_FOR = timedelta(minutes=10)


async def open_turn(
    context: ServingContext, actor: Actor, conversation_id: uuid.UUID, question: str
) -> OpenTurn | HandedOver:
    """Store a question after the active branch, and reserve the answer's place unless a person is to answer.

    Raises:
        ConversationNotFoundError: Unknown, or of somebody else.
        ConversationClosedError: It takes no more turns.
        ChatbotNotFoundError: The bot was archived since.
        VisitorLimitError: A visitor, and no more questions today; nothing is stored. So it is below.
    """
    async with async_organization_session(context.engine, actor.organization_id) as session:
        conversation = await _locked(session, actor, conversation_id)
        leaf_id = await branches.leaf_of(session, conversation.id)
        last = await session.get(Message, leaf_id) if leaf_id else None
        turn = await _asked(context, session, actor, conversation, after=last, question=question)
        await count_question(session, actor)
        return turn


async def open_first_turn(
    context: ServingContext, actor: Actor, chatbot: uuid.UUID | str, channel: Channel, question: str
) -> OpenTurn | HandedOver:
    """Start a conversation with its first question, in one transaction.

    Raises:
        ChatbotNotFoundError: No such bot, or it is archived.
    """
    async with async_organization_session(context.engine, actor.organization_id) as session:
        bot = await bots.chatbot(session, chatbot)
        if bot is None:
            raise ChatbotNotFoundError
        conversation = Conversation(
            id=uuid.uuid4(),
            organization_id=actor.organization_id,
            chatbot_id=bot[0].id,
            user_id=actor.user_id,
            api_key_id=actor.api_key_id,
            channel=channel,
        )
        session.add(conversation)
        await session.flush()
        return await _asked(context, session, actor, conversation, after=None, question=question)


async def edit_turn(
    context: ServingContext, actor: Actor, message_id: uuid.UUID, question: str
) -> OpenTurn | HandedOver:
    """Ask a question in other words: a branch beside the old one, which stays as it is.

    Raises:
        MessageNotFoundError: Unknown, or of somebody else.
        NotAQuestionError: It is an answer.
        ConversationClosedError: It takes no more turns.
    """
    async with async_organization_session(context.engine, actor.organization_id) as session:
        old, conversation = await _message_to_branch(session, actor, message_id)
        if old.role != MessageRole.USER:
            raise NotAQuestionError
        before = await session.get(Message, old.parent_id) if old.parent_id else None
        turn = await _asked(context, session, actor, conversation, after=before, question=question)
        await count_question(session, actor)
        return turn


async def retry_turn(context: ServingContext, actor: Actor, message_id: uuid.UUID) -> OpenTurn:
    """Answer a question once more: a branch beside the old answer, which stays as it is.

    Raises:
        MessageNotFoundError: Unknown, or of somebody else.
        NotAnAnswerError: It is no answer of the bot to a question.
        ConversationClosedError: It takes no more turns.
    """
    async with async_organization_session(context.engine, actor.organization_id) as session:
        old, conversation = await _message_to_branch(session, actor, message_id)
        asked = await session.get(Message, old.parent_id) if old.parent_id else None
        if old.author != MessageAuthor.BOT or asked is None or asked.role != MessageRole.USER:
            raise NotAnAnswerError
        reserved = await _add(session, conversation, MessageRole.ASSISTANT, "", after=asked)
        turn = await _turn(session, actor, asked, reserved)
        await count_question(session, actor)
        return replace(turn, is_retry=True)


async def reopen_turn(context: ServingContext, actor: Actor, message_id: uuid.UUID) -> OpenTurn:
    """Begin an interrupted answer again, for the one who asked.

    Raises:
        MessageNotFoundError: Unknown, of somebody else, or no answer.
        AnswerElsewhereError: Another process writes it right now.
        ResumeExpiredError: It cannot be resumed, or not any more.
        ChatbotNotFoundError: The bot was archived since.
    """
    async with async_organization_session(context.engine, actor.organization_id) as session:
        answer = await repository.lock_answer(session, actor, message_id)
        if answer is None:
            raise MessageNotFoundError
        now = datetime.now(UTC)
        if answer.state == MessageState.STREAMING and answer.leased_until is not None and answer.leased_until > now:
            raise AnswerElsewhereError
        since = answer.completed_at or answer.leased_until or answer.created_at
        if answer.state not in (MessageState.INTERRUPTED, MessageState.STREAMING) or now - since > RESUMABLE_FOR:
            raise ResumeExpiredError
        question = await session.get_one(Message, answer.parent_id)
        answer.state = MessageState.STREAMING
        answer.generation += 1
        answer.error_type = answer.completed_at = None
        answer.leased_until = now + LEASE
        turn = await _turn(session, actor, question, answer)
        await count_question(session, actor)
        return turn


async def _locked(session: AsyncSession, actor: Actor, conversation_id: uuid.UUID) -> Conversation:
    conversation = await repository.lock_conversation(session, actor, conversation_id)
    if conversation is None:
        raise ConversationNotFoundError
    if conversation.closed_at is not None:
        raise ConversationClosedError
    return conversation


async def _message_to_branch(
    session: AsyncSession, actor: Actor, message_id: uuid.UUID
) -> tuple[Message, Conversation]:
    found = await repository.visible_message(session, actor, message_id)
    if found is None:
        raise MessageNotFoundError
    return found, await _locked(session, actor, found.conversation_id)


async def _asked(
    context: ServingContext,
    session: AsyncSession,
    actor: Actor,
    conversation: Conversation,
    *,
    after: Message | None,
    question: str,
) -> OpenTurn | HandedOver:
    asked = await _add(session, conversation, MessageRole.USER, question, after=after, by=actor.user_id)
    conversation.title = conversation.title or question[:120]
    await store_facts(session, conversation, asked)
    config = await _config(session, conversation)
    # A question of an evaluation is for the bot, whatever its words.
    is_evaluated = conversation.channel == Channel.EVAL
    handover = (
        None if is_evaluated else await handed_over(context, session, actor, conversation.id, config.handover, question)
    )
    await record_event(
        session, context.live, conversation.id, MESSAGE_CREATED, message_id=str(asked.id), author=asked.author
    )
    if handover is not None:
        return HandedOver(actor, conversation.id, asked.id, handover, config.handover.notice(question))
    reserved = await _add(session, conversation, MessageRole.ASSISTANT, "", after=asked)
    return await _turn(session, actor, asked, reserved)


async def _config(session: AsyncSession, conversation: Conversation) -> ChatbotConfig:
    bot = await bots.chatbot(session, conversation.chatbot_id)
    if bot is None:
        raise ChatbotNotFoundError("The bot of this conversation was archived")
    return ChatbotConfig.model_validate(bot[1].config)


async def _turn(session: AsyncSession, actor: Actor, asked: Message, reserved: Message) -> OpenTurn:
    conversation = await session.get_one(Conversation, reserved.conversation_id)
    bot = await bots.chatbot(session, conversation.chatbot_id)
    if bot is None:
        raise ChatbotNotFoundError("The bot of this conversation was archived")
    row, version = bot
    config = ChatbotConfig.model_validate(version.config)
    readable = (
        await bots.all_knowledge_bases(session) if config.reads_all_knowledge_bases else config.knowledge_base_ids
    )
    return OpenTurn(
        actor=actor,
        conversation_id=conversation.id,
        question_id=asked.id,
        message_id=reserved.id,
        question=asked.content,
        chatbot_id=row.id,
        chatbot_version_id=version.id,
        config=config,
        knowledge_base_ids=tuple(readable),
        retrieval_settings=await settings_of(session, readable, config.retrieval),
        memory=await recall(session, conversation, asked),
        generation=reserved.generation,
        is_budgeted=bool(await budgets_of(session, actor, row.id)),
    )


async def _add(
    session: AsyncSession,
    conversation: Conversation,
    role: MessageRole,
    content: str,
    *,
    after: Message | None,
    by: uuid.UUID | None = None,
) -> Message:
    """A turn after another one, which the active branch then ends with."""
    ordinal = after.ordinal + 1 if after is not None else 0
    is_answer = role == MessageRole.ASSISTANT
    added = Message(
        id=uuid.uuid4(),
        organization_id=conversation.organization_id,
        conversation_id=conversation.id,
        parent_id=after.id if after is not None else None,
        ordinal=ordinal,
        variant=await branches.next_variant(session, conversation.id, ordinal),
        role=role,
        author=MessageAuthor.BOT if is_answer else MessageAuthor.USER,
        author_user_id=by,
        state=MessageState.STREAMING if is_answer else MessageState.COMPLETE,
        content=content,
        leased_until=datetime.now(UTC) + LEASE if is_answer else None,
        completed_at=None if is_answer else datetime.now(UTC),
    )
    session.add(added)
    await session.flush()
    conversation.active_leaf_id = added.id
    conversation.updated_at = func.now()
    await session.flush()
    return added
