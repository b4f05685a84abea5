"""Asks a bot in process and reads the receipt: what an answer was given, and what it did with it."""

import uuid

from evals.errors import TargetError
from evals.samples import Observation, Sample
from serving.accounts.principal import Actor
from serving.context import ServingContext
from serving.conversations import receipts
from serving.conversations import service as conversations
from serving.errors import ApiError
from storage.postgres.models.conversation import Channel
from storage.postgres.session import async_organization_session


async def observe(context: ServingContext, actor: Actor, *, chatbot: uuid.UUID | str, sample: Sample) -> Observation:
    """Ask one question in a conversation of its own, on the channel that figures about people leave out.

    Raises:
        TargetError: The bot could not answer.
    """
    try:
        answer = await conversations.ask(
            context, actor, chatbot=chatbot, question=sample.question, channel=Channel.EVAL
        )
        async with async_organization_session(context.engine, actor.organization_id) as session:
            receipt = await receipts.get_receipt(session, actor, answer.message_id)
    except ApiError as error:
        raise TargetError(f"Bot {chatbot} could not answer question {sample.id}: {error.detail}") from error
    ranked = sorted(receipt.passages, key=lambda passage: passage.rank)
    return Observation(
        message_id=answer.message_id,
        text=answer.content,
        quotes=tuple(quote for passage in ranked for quote in passage.quotes),
        is_refused=answer.is_refused,
        retrieved=tuple(passage.document_name or "" for passage in ranked),
        cited=frozenset(p.document_name for p in ranked if p.citation is not None and p.document_name is not None),
        index_version_id=receipt.index_version_id,
        total_ms=receipt.latencies_ms.get("total", 0.0),
    )
