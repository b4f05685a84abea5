"""Conversations, their turns and receipts."""

import time
import uuid
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from serving.accounts.principal import Actor
from serving.bots import service as bots
from serving.bots.errors import ChatbotNotFoundError
from serving.bots.schemas import ChatbotOut
from serving.context import ServingContext
from serving.conversations import branches, repository
from serving.conversations.answering import answer, pass_on
from serving.conversations.errors import ConversationNotFoundError, MessageNotFoundError
from serving.conversations.events import AnswerEvent, AnswerFailed
from serving.conversations.masking import for_visitor, masked
from serving.conversations.opening import check_asker, edit_turn, open_first_turn, open_turn, reopen_turn, retry_turn
from serving.conversations.retelling import Retold, tell_again
from serving.conversations.schemas import AnswerOut, ConversationCreate, ConversationStarted
from serving.conversations.streams.hub import RunningAnswer
from serving.conversations.tools.checking import check_takes_tools
from serving.conversations.tools.toolbox import Toolbox
from serving.conversations.turns import HandedOver, OpenTurn
from serving.errors import ApiError, UnavailableError
from serving.inference.provider import Turn
from serving.visitors.limits import check_questions
from storage.postgres.models.conversation import Channel, Conversation
from storage.postgres.models.message import MessageState
from storage.postgres.session import AnyRow, async_organization_session


async def start_conversation(session: AsyncSession, actor: Actor, body: ConversationCreate) -> ConversationStarted:
    """Start a conversation with a bot; a visitor's that nothing was said in yet is gone on with.

    Raises:
        ChatbotNotFoundError: No such bot, or a visitor's is another one.
        VisitorLimitError: A visitor, and no more questions today.
    """
    if actor.visitor_id is not None and body.chatbot_id != actor.chatbot_id:
        raise ChatbotNotFoundError
    bot = await bots.get_chatbot(session, body.chatbot_id)
    if actor.visitor_id is not None:
        row = await _of_visitor(session, actor, actor.visitor_id, bot)
    else:
        row = await _start(session, actor, bot, channel=body.channel, title=body.title)
    listed = await get_conversation(session, actor, row.id)
    return ConversationStarted(**listed._mapping, welcome_message=bot.config.welcome_message)


async def _of_visitor(session: AsyncSession, actor: Actor, visitor_id: uuid.UUID, bot: ChatbotOut) -> Conversation:
    """A conversation of a visitor with their bot. One without a word is used first: nobody fills the table with those."""
    await check_questions(session, actor)
    found = await repository.empty_conversation(session, visitor_id)
    return found or await _start(session, actor, bot, channel=Channel.WEB)


async def _start(
    session: AsyncSession, actor: Actor, bot: ChatbotOut, *, channel: Channel, title: str | None = None
) -> Conversation:
    row = Conversation(
        organization_id=actor.organization_id,
        chatbot_id=bot.id,
        user_id=actor.user_id,
        api_key_id=actor.api_key_id,
        visitor_id=actor.visitor_id,
        channel=channel,
        title=title,
    )
    session.add(row)
    await session.flush()
    return row


async def list_conversations(
    session: AsyncSession, actor: Actor, *, chatbot_id: uuid.UUID | None, limit: int, offset: int
) -> Sequence[AnyRow]:
    """Conversations that the actor may read, latest first."""
    return await repository.conversations(session, actor, chatbot_id=chatbot_id, limit=limit, offset=offset)


async def get_conversation(session: AsyncSession, actor: Actor, conversation_id: uuid.UUID) -> AnyRow:
    """One conversation."""
    row = await repository.conversation_row(session, actor, conversation_id)
    if row is None:
        raise ConversationNotFoundError
    return row


async def list_messages(
    session: AsyncSession, actor: Actor, conversation_id: uuid.UUID, *, is_whole_tree: bool = False
) -> Sequence[AnyRow]:
    """Turns of the active branch of a conversation, or of all its branches, in order."""
    await get_conversation(session, actor, conversation_id)
    return await branches.messages(session, actor, conversation_id, is_whole_tree=is_whole_tree)


async def switch_branch(
    session: AsyncSession, actor: Actor, conversation_id: uuid.UUID, message_id: uuid.UUID
) -> Sequence[AnyRow]:
    """Go on with the branch that a turn is on; its turns.

    Raises:
        ConversationNotFoundError: Unknown, or of somebody else.
        OthersConversationError: Somebody else began it: their next question would follow this branch. For a visitor's,
            VisitorsConversationError.
        MessageNotFoundError: It is of another conversation.
    """
    conversation = await repository.lock_conversation(session, actor, conversation_id)
    if conversation is None:
        raise ConversationNotFoundError
    check_asker(actor, conversation)
    message = await repository.visible_message(session, actor, message_id)
    if message is None or message.conversation_id != conversation_id:
        raise MessageNotFoundError
    conversation.active_leaf_id = await branches.deepest(session, message_id)
    await session.flush()
    return await branches.messages(session, actor, conversation_id, is_whole_tree=False)


async def ask(
    context: ServingContext,
    actor: Actor,
    *,
    chatbot: uuid.UUID | str,
    question: str,
    channel: Channel,
    history: tuple[Turn, ...] = (),
) -> AnswerOut:
    """Ask one question in a conversation of its own and wait for the whole answer.

    Args:
        context: The process's context.
        actor: Who asks.
        chatbot: Id or slug of the bot.
        question: The question.
        channel: The door it came through.
        history: Earlier turns that the asker remembers.
    """
    running = await begin_conversation(context, actor, question, chatbot=chatbot, channel=channel, history=history)
    return await whole(context, running)


async def begin_conversation(
    context: ServingContext,
    actor: Actor,
    question: str,
    *,
    chatbot: uuid.UUID | str,
    channel: Channel,
    history: tuple[Turn, ...] = (),
    parameters: Mapping[str, Any] | None = None,
    tools: Toolbox | None = None,
) -> RunningAnswer:
    """Start a conversation with a question, once there is a place for its answer.

    Raises:
        ApiError: No place (429 or 503, nothing is stored), no such bot, or one that does not take the tools.
    """
    if tools is not None:
        await check_takes_tools(context, actor, chatbot)
    return await _start_answer(
        context,
        actor,
        lambda: open_first_turn(context, actor, chatbot, channel, question),
        history=history,
        parameters=parameters,
        tools=tools,
    )


async def finish(
    context: ServingContext,
    actor: Actor,
    conversation_id: uuid.UUID,
    question: str,
    *,
    history: tuple[Turn, ...] = (),
    parameters: Mapping[str, Any] | None = None,
) -> AnswerOut:
    """Answer a question and wait for the end. Cancelled, the answer is ended as well."""
    running = await begin(context, actor, conversation_id, question, history=history, parameters=parameters)
    return await whole(context, running)


async def begin(
    context: ServingContext,
    actor: Actor,
    conversation_id: uuid.UUID,
    question: str,
    *,
    history: tuple[Turn, ...] = (),
    parameters: Mapping[str, Any] | None = None,
) -> RunningAnswer:
    """Store a question and start its answer, once there is a place for it.

    Raises:
        ApiError: No place (429 or 503, nothing is stored), or the turn could not be opened.
    """
    return await _start_answer(
        context,
        actor,
        lambda: open_turn(context, actor, conversation_id, question),
        history=history,
        parameters=parameters,
    )


async def edit(context: ServingContext, actor: Actor, message_id: uuid.UUID, question: str) -> RunningAnswer:
    """Ask a question in other words, on a branch of its own; raises as `begin` and `edit_turn`."""
    return await _start_answer(context, actor, lambda: edit_turn(context, actor, message_id, question))


async def retry(context: ServingContext, actor: Actor, message_id: uuid.UUID) -> RunningAnswer:
    """Answer a question once more, on a branch of its own; raises as `begin` and `retry_turn`."""
    return await _start_answer(context, actor, lambda: retry_turn(context, actor, message_id))


async def rejoin(context: ServingContext, actor: Actor, message_id: uuid.UUID) -> RunningAnswer:
    """The answer of a message: as it runs or has just ended here; else a finished one told again, a broken one begun again.

    Raises:
        MessageNotFoundError: Unknown, or of somebody else.
        AnswerElsewhereError: Another process writes it.
        ResumeExpiredError: It is over, and was not finished lately.
    """
    running = context.streams.find(message_id)
    if running is not None and running.organization_id == actor.organization_id:
        async with async_organization_session(context.engine, actor.organization_id) as session:
            if await repository.visible_message(session, actor, message_id) is None:
                raise MessageNotFoundError
        if not running.is_resumable:
            return running
    return await _start_answer(context, actor, lambda: reopen_turn(context, actor, message_id))


async def stop(context: ServingContext, actor: Actor, message_id: uuid.UUID) -> None:
    """End an answer, whichever process writes it; what was said so far is kept. One that has ended already stays as it is.

    An answer of another process ends a moment later than this returns; that process may miss it while it has lost the database.

    Raises:
        MessageNotFoundError: Unknown, or of somebody else.
    """
    async with async_organization_session(context.engine, actor.organization_id) as session:
        message = await repository.visible_message(session, actor, message_id)
        if message is None:
            raise MessageNotFoundError
        # One that went without word for too long counts as interrupted, and may be written all the same.
        may_be_written = message.state in (MessageState.STREAMING, MessageState.INTERRUPTED)
    context.streams.stop_as_asked(message_id)
    if may_be_written:  # also where it runs here: another process may have begun it again
        context.live.stop_elsewhere(message_id)


async def whole(context: ServingContext, running: RunningAnswer) -> AnswerOut:
    """Wait for the end of an answer.

    Raises:
        ApiError: It did not come to its end.
    """
    context.streams.join(running)
    try:
        await running.log.closed()
    finally:
        context.streams.part(running)
    last = running.log.since(running.log.last - 1)[-1][1]
    if isinstance(last, AnswerOut):
        return last
    if running.error is not None:
        raise running.error
    raise UnavailableError(last.detail if isinstance(last, AnswerFailed) else None)


async def _start_answer(
    context: ServingContext,
    actor: Actor,
    opening: Callable[[], Awaitable[OpenTurn | HandedOver | Retold]],
    *,
    history: tuple[Turn, ...] = (),
    parameters: Mapping[str, Any] | None = None,
    tools: Toolbox | None = None,
) -> RunningAnswer:
    started = time.perf_counter()
    admission = context.streams.admission
    give_back = _visitor_place(context, actor)
    try:
        await admission.turn()
        await _enter(context, actor)
        entered = time.monotonic()
        try:
            turn = await opening()
        except BaseException:
            admission.leave(actor.organization_id)
            raise
        finally:
            admission.arrived()
    except BaseException:
        give_back()
        raise

    def events(running: RunningAnswer) -> AsyncGenerator[AnswerEvent, None]:
        if isinstance(turn, HandedOver):
            return pass_on(turn)
        if isinstance(turn, Retold):
            told = tell_again(turn)
        else:
            told = answer(
                context,
                turn,
                started=started,
                said=running.log.text,
                history=history,
                parameters=parameters,
                tools=tools,
                ending=lambda: running.ending,
            )
        return told if actor.visitor_id is None else for_visitor(told)

    running = context.streams.start(actor.organization_id, turn.message_id, turn.generation, events, entered_at=entered)
    assert running.task is not None  # noqa: S101 - it was started
    running.task.add_done_callback(lambda _: give_back())
    return running


def _visitor_place(context: ServingContext, actor: Actor) -> Callable[[], None]:
    """A place among those of visitors; gives it back. Raises as `VisitorPlaces.take`."""
    try:
        return context.visitor_places.take(actor)
    except ApiError as refused:
        context.streams.refusals.count(refused.slug, actor.organization_id)
        raise


async def _enter(context: ServingContext, actor: Actor) -> None:
    """Take a place among those of the organization."""
    try:
        await context.streams.admission.enter(actor.organization_id)
    except ApiError as refused:
        context.streams.refusals.count(refused.slug, actor.organization_id)
        if actor.visitor_id is not None:
            raise masked(refused) from refused
        raise
