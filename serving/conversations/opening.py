"""The transactions that open a turn: a new question, an edited one, an answer tried again, an interrupted one gone on with."""

import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from anyio import to_thread
from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession

from serving.accounts.principal import Actor
from serving.bots import repository as bots
from serving.bots.errors import ChatbotNotFoundError
from serving.context import ServingContext
from serving.conversations import branches, repository
from serving.conversations.asked_bot import AskedBot, asked_bot
from serving.conversations.errors import (
    AnswerElsewhereError,
    ConversationClosedError,
    ConversationNotFoundError,
    HandedOverError,
    MessageNotFoundError,
    NotAnAnswerError,
    NotAQuestionError,
    OthersConversationError,
    ResumeExpiredError,
    VisitorsConversationError,
)
from serving.conversations.handovers.repository import open_handover
from serving.conversations.handovers.requesting import handed_over
from serving.conversations.handovers.wishes import asks_for_person
from serving.conversations.live.journal import MESSAGE_CREATED, announce, record_event
from serving.conversations.memory.facts.storing import store_facts
from serving.conversations.memory.recall import NOTHING, Recalled, recall
from serving.conversations.retelling import Retold, retold
from serving.conversations.turn_rows import answer_row, question_row
from serving.conversations.turns import LEASE, HandedOver, OpenTurn
from serving.retrieval.service import settings_of
from serving.visitors.limits import check_questions, count_question, hold_visitor
from storage.postgres.insertion import NewRows, insertion
from storage.postgres.models.conversation import Channel, Conversation
from storage.postgres.models.conversation_event import ConversationEvent
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
        VisitorsConversationError: It is a visitor's, and somebody of the organization asks. So it is below.
        OthersConversationError: Another member or program began it. So it is below.
    """
    async with async_organization_session(context.engine, actor.organization_id) as session:
        await check_questions(session, actor)
        conversation = await _locked(session, actor, conversation_id)
        leaf_id = await branches.leaf_of(session, conversation.id)
        last = await session.get(Message, leaf_id) if leaf_id else None
        bot = await _bot_of(session, actor, conversation)
        turn = await _asked(context, session, actor, conversation, bot, after=last, question=question)
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
        bot = await asked_bot(session, actor, chatbot)
        if bot is None:
            raise ChatbotNotFoundError
        conversation = Conversation(
            id=uuid.uuid4(),
            organization_id=actor.organization_id,
            chatbot_id=bot.chatbot.id,
            user_id=actor.user_id,
            api_key_id=actor.api_key_id,
            channel=channel,
        )
        return await _asked(context, session, actor, conversation, bot, after=None, question=question, is_new=True)


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
        await check_questions(session, actor)
        old, conversation = await _message_to_branch(session, actor, message_id)
        if old.role != MessageRole.USER:
            raise NotAQuestionError
        before = await session.get(Message, old.parent_id) if old.parent_id else None
        bot = await _bot_of(session, actor, conversation)
        turn = await _asked(context, session, actor, conversation, bot, after=before, question=question)
        await count_question(session, actor)
        return turn


async def retry_turn(context: ServingContext, actor: Actor, message_id: uuid.UUID) -> OpenTurn:
    """Answer a question once more: a branch beside the old answer, which stays as it is.

    Raises:
        MessageNotFoundError: Unknown, or of somebody else.
        NotAnAnswerError: It is no answer of the bot to a question.
        HandedOverError: A person answers the conversation.
        ConversationClosedError: It takes no more turns.
    """
    async with async_organization_session(context.engine, actor.organization_id) as session:
        await check_questions(session, actor)
        old, conversation = await _message_to_branch(session, actor, message_id)
        asked = await session.get(Message, old.parent_id) if old.parent_id else None
        if old.author != MessageAuthor.BOT or asked is None or asked.role != MessageRole.USER:
            raise NotAnAnswerError
        await _check_silence(session, conversation.id)
        variants = await branches.next_variants(session, conversation.id, asked.ordinal + 1)
        reserved = answer_row(conversation, asked, variants)
        session.add(reserved)
        await session.flush()
        conversation.active_leaf_id, conversation.updated_at = reserved.id, func.now()
        bot = await _bot_of(session, actor, conversation)
        turn = await _turn(context, session, actor, conversation, bot, asked, reserved)
        await count_question(session, actor)
        return replace(turn, is_retry=True)


async def reopen_turn(context: ServingContext, actor: Actor, message_id: uuid.UUID) -> OpenTurn | Retold:
    """Begin an interrupted answer again, for the one who asked; one that was finished meanwhile is told again.

    Raises:
        MessageNotFoundError: Unknown, of somebody else, or no answer.
        AnswerElsewhereError: Another process writes it right now.
        ResumeExpiredError: It cannot be resumed, or not any more.
        HandedOverError: A person answers the conversation meanwhile.
        ChatbotNotFoundError: The bot was archived since.
    """
    async with async_organization_session(context.engine, actor.organization_id) as session:
        await hold_visitor(session, actor)
        answer = await repository.lock_answer(session, actor, message_id)
        if answer is None:
            raise MessageNotFoundError
        now = datetime.now(UTC)
        if answer.state == MessageState.STREAMING and answer.leased_until is not None and answer.leased_until > now:
            raise AnswerElsewhereError
        since = answer.completed_at or answer.leased_until or answer.created_at
        if answer.state == MessageState.COMPLETE and now - since <= RESUMABLE_FOR:
            told = await retold(session, actor, answer)
            if told is not None:
                return told
        if answer.state not in (MessageState.INTERRUPTED, MessageState.STREAMING) or now - since > RESUMABLE_FOR:
            raise ResumeExpiredError
        await _check_silence(session, answer.conversation_id)
        question = await session.get_one(Message, answer.parent_id)
        answer.state = MessageState.STREAMING
        answer.generation += 1
        answer.error_type = answer.completed_at = None
        answer.leased_until = now + LEASE
        conversation = await session.get_one(Conversation, answer.conversation_id)
        check_asker(actor, conversation)
        bot = await _bot_of(session, actor, conversation)
        turn = await _turn(context, session, actor, conversation, bot, question, answer)
        await count_question(session, actor)
        return turn


async def _check_silence(session: AsyncSession, conversation_id: uuid.UUID) -> None:
    if await open_handover(session, conversation_id) is not None:
        raise HandedOverError


async def _locked(session: AsyncSession, actor: Actor, conversation_id: uuid.UUID) -> Conversation:
    conversation = await repository.lock_conversation(session, actor, conversation_id)
    if conversation is None:
        raise ConversationNotFoundError
    check_asker(actor, conversation)
    if conversation.closed_at is not None:
        raise ConversationClosedError
    return conversation


def check_asker(actor: Actor, conversation: Conversation) -> None:
    """A conversation is gone on with by who began it alone.

    An answer is found in what its asker may read: one to somebody else would show whose conversation it is more than theirs.

    Raises:
        OthersConversationError: It is another member's or program's.
        VisitorsConversationError: It is a visitor's.
    """
    began = (conversation.user_id, conversation.api_key_id, conversation.visitor_id)
    if began != (actor.user_id, actor.api_key_id, actor.visitor_id):
        raise OthersConversationError if conversation.visitor_id is None else VisitorsConversationError


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
    bot: AskedBot,
    *,
    after: Message | None,
    question: str,
    is_new: bool = False,
) -> OpenTurn | HandedOver:
    """Store a question and the place of its answer. Each statement is a way to the database and back: they are few here.

    Args:
        context: The process's context.
        session: The transaction.
        actor: Who asks.
        conversation: Locked, or new and not written yet.
        bot: Its bot.
        after: The turn that the question follows.
        question: Its text.
        is_new: Whether the conversation begins with it, so that nothing can be known of it yet.
    """
    config = bot.config
    # A question of an evaluation is for the bot, whatever its words.
    may_ask_person = conversation.channel != Channel.EVAL
    if is_new:
        # Nobody has a new conversation yet: the words alone can ask for a person.
        by_words = config.handover.on_request and asks_for_person(question, config.handover.phrases)
        if not (may_ask_person and by_words):
            return await _begun(context, session, actor, conversation, bot, question)
        session.add(conversation)
        await session.flush()
    handover = None
    if may_ask_person:
        handover = await handed_over(context, session, actor, conversation.id, config.handover, question)
    ordinal = after.ordinal + 1 if after is not None else 0
    variants = await branches.next_variants(session, conversation.id, ordinal, ordinal + 1)
    asked = question_row(conversation, actor, question, after, variants)
    turns = [asked] if handover is not None else [asked, answer_row(conversation, asked, variants)]
    session.add_all(turns)
    await session.flush()
    if _is_remembered(conversation):
        await store_facts(session, conversation, asked)
    title = conversation.title or _title(question)
    await record_event(
        session, context.live, conversation.id, MESSAGE_CREATED,
        changes={"active_leaf_id": turns[-1].id, "title": title, "updated_at": func.now()},
        message_id=str(asked.id), author=asked.author,
    )  # fmt: skip
    if handover is not None:
        notice = await to_thread.run_sync(config.handover.notice, question)
        return HandedOver(actor, conversation.id, asked.id, handover, notice)
    return await _turn(context, session, actor, conversation, bot, *turns)


async def _begun(
    context: ServingContext,
    session: AsyncSession,
    actor: Actor,
    conversation: Conversation,
    bot: AskedBot,
    question: str,
) -> OpenTurn:
    """Store a conversation with its first question, the place of the answer and the event that tells of it: one statement."""
    asked = question_row(conversation, actor, question, None, {})
    reserved = answer_row(conversation, asked, {})
    conversation.title, conversation.active_leaf_id, conversation.event_count = _title(question), reserved.id, 1
    told = ConversationEvent(
        organization_id=conversation.organization_id,
        conversation_id=conversation.id,
        number=1,
        kind=MESSAGE_CREATED,
        data={"message_id": str(asked.id), "author": asked.author},
    )
    rows = NewRows()
    for name, row in (("conversation", conversation), ("question", asked), ("answer", reserved), ("event", told)):
        rows.add(name, row)
    await session.execute(insertion(rows.shapes), rows.parameters)
    announce(session, context.live, conversation.id)
    facts = await store_facts(session, conversation, asked) if _is_remembered(conversation) else 0
    knows_nothing = not facts and conversation.user_id is None
    return await _turn(
        context, session, actor, conversation, bot, asked, reserved, memory=NOTHING if knows_nothing else None
    )


def _title(question: str) -> str:
    return question[:120]


def _is_remembered(conversation: Conversation) -> bool:
    """Clients of OpenAI's protocol bring the history themselves; each question is a conversation of its own."""
    return conversation.channel != Channel.OPENAI or conversation.user_id is not None


async def _bot_of(session: AsyncSession, actor: Actor, conversation: Conversation) -> AskedBot:
    bot = await asked_bot(session, actor, conversation.chatbot_id)
    if bot is None:
        raise ChatbotNotFoundError("The bot of this conversation was archived")
    return bot


async def _turn(
    context: ServingContext,
    session: AsyncSession,
    actor: Actor,
    conversation: Conversation,
    bot: AskedBot,
    asked: Message,
    reserved: Message,
    *,
    memory: Recalled | None = None,
) -> OpenTurn:
    config = bot.config
    readable: Sequence[uuid.UUID] = ()
    if config.answers_from == "documents":
        readable = config.knowledge_base_ids
        if config.reads_all_knowledge_bases:
            readable = await bots.all_knowledge_bases(session)
    return OpenTurn(
        actor=actor,
        conversation_id=conversation.id,
        question_id=asked.id,
        message_id=reserved.id,
        question=asked.content,
        chatbot_id=bot.chatbot.id,
        chatbot_version_id=bot.version.id,
        config=config,
        route=await context.routes.resolve(session, config.routing, bot.models),
        knowledge_base_ids=tuple(readable),
        retrieval_settings=await settings_of(session, readable, config.retrieval),
        memory=memory if memory is not None else await recall(session, conversation, asked),
        generation=reserved.generation,
        is_budgeted=bot.is_budgeted,
        is_remembered=_is_remembered(conversation),
        intent_model_id=bot.chatbot.live_intent_model_id,
    )
