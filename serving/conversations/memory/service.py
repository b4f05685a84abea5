"""What a conversation remembers, as it is shown and taken away."""

import uuid
from collections.abc import Sequence

from anyio import to_thread
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from serving.accounts.audit import record
from serving.accounts.principal import Actor
from serving.context import ServingContext
from serving.conversations import branches, repository
from serving.conversations.errors import ConversationNotFoundError
from serving.conversations.memory.errors import FactNotFoundError
from serving.conversations.memory.standalone import MOST_QUESTIONS, standalone
from serving.conversations.memory.topics import Topic, topics_of
from serving.conversations.schemas import TopicOut
from storage.postgres.models.conversation_fact import ConversationFact
from storage.postgres.models.message import Message, MessageRole
from storage.postgres.session import async_organization_session

MOST_QUESTIONS_OF_TOPICS = 200


async def list_facts(session: AsyncSession, actor: Actor, conversation_id: uuid.UUID) -> Sequence[ConversationFact]:
    """Facts that were said in a conversation, also those that a newer one ended, oldest first.

    Raises:
        ConversationNotFoundError: Unknown, or of somebody else.
    """
    await _check(session, actor, conversation_id)
    statement = select(ConversationFact).where(ConversationFact.conversation_id == conversation_id)
    return (await session.scalars(statement.order_by(ConversationFact.valid_from, ConversationFact.id))).all()


async def delete_fact(session: AsyncSession, actor: Actor, conversation_id: uuid.UUID, fact_id: uuid.UUID) -> None:
    """Forget a fact. What it had superseded stays ended: what was corrected does not come back.

    Raises:
        ConversationNotFoundError: Unknown, or of somebody else.
        FactNotFoundError: No such fact was said in it.
    """
    await _check(session, actor, conversation_id)
    fact = await session.scalar(
        select(ConversationFact).where(
            ConversationFact.conversation_id == conversation_id, ConversationFact.id == fact_id
        )
    )
    if fact is None:
        raise FactNotFoundError
    await _forget(session, actor, [fact])


async def delete_facts(session: AsyncSession, actor: Actor, conversation_id: uuid.UUID) -> None:
    """Forget every fact that was said in a conversation; raises as `list_facts`."""
    await _forget(session, actor, await list_facts(session, actor, conversation_id))


async def _forget(session: AsyncSession, actor: Actor, facts: Sequence[ConversationFact]) -> None:
    for fact in facts:
        await session.delete(fact)
        record(
            session, actor, "conversation_fact.deleted", subject_type="conversation_fact", subject_id=fact.id,
            details={"conversation_id": str(fact.conversation_id)},
        )  # fmt: skip
    await session.flush()


async def list_topics(context: ServingContext, actor: Actor, conversation_id: uuid.UUID) -> list[TopicOut]:
    """Topics of the active branch, in the order in which they came up; raises as `list_facts`."""
    async with async_organization_session(context.engine, actor.organization_id) as session:
        await _check(session, actor, conversation_id)
        leaf_id = await branches.leaf_of(session, conversation_id)
        turns = await branches.turns_of_branch(session, leaf_id, most=2 * MOST_QUESTIONS_OF_TOPICS) if leaf_id else []
    asked = [turn for turn in turns if turn.role == MessageRole.USER]
    topics = await to_thread.run_sync(_topics, context, [turn.content for turn in asked])
    return [_shown(topic, asked) for topic in topics]


def _topics(context: ServingContext, questions: list[str]) -> list[Topic]:
    alone: list[str] = []
    for question in questions:
        alone.append(standalone(question, alone[-MOST_QUESTIONS:], embedder=context.embedder).question)
    return topics_of(alone, embedder=context.embedder)


def _shown(topic: Topic, asked: Sequence[Message]) -> TopicOut:
    messages = [asked[place] for place in topic.questions]
    return TopicOut(
        label=topic.label,
        message_ids=[message.id for message in messages],
        last_asked_at=messages[-1].created_at,
        is_current=topic.questions[-1] == len(asked) - 1,
    )


async def _check(session: AsyncSession, actor: Actor, conversation_id: uuid.UUID) -> None:
    if await repository.conversation_row(session, actor, conversation_id) is None:
        raise ConversationNotFoundError
