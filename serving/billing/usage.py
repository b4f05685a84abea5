"""Rows of usage: one for each call of a provider, whatever became of it. Live traffic and the warehouse count them."""

import uuid

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from serving.accounts.principal import Actor
from serving.billing.ledger import Charge
from serving.inference.provider import TokenUsage
from storage.postgres.models.message import Message
from storage.postgres.models.usage_record import UsageRecord


def usage_record(
    actor: Actor, charge: Charge, usage: TokenUsage, *, chatbot_id: uuid.UUID, message_id: uuid.UUID
) -> UsageRecord:
    """The row of a call that came to its end or was cut, in no session yet.

    Args:
        actor: Who asked.
        charge: What it cost.
        usage: Its tokens.
        chatbot_id: The bot.
        message_id: The answer that it was made for.
    """
    return UsageRecord(
        id=uuid.uuid4(),
        organization_id=actor.organization_id,
        message_id=message_id,
        chatbot_id=chatbot_id,
        user_id=actor.user_id,
        api_key_id=actor.api_key_id,
        provider=charge.provider,
        model=charge.model,
        prompt_tokens=usage.prompt_tokens,
        completion_tokens=usage.completion_tokens,
        cost_usd=charge.amount.usd,
    )


async def record_usage(session: AsyncSession, record: UsageRecord) -> None:
    """Write a row once, however often its transaction is run again. It stays without its answer when that was erased.

    To be called before the ledger is settled: an erasure locks the message first, too.
    """
    kept = select(Message.id).where(Message.id == record.message_id).with_for_update(read=True, key_share=True)
    message_id = await session.scalar(kept)
    values = {name: value for name, value in vars(record).items() if not name.startswith("_")}
    written = insert(UsageRecord).values({**values, "message_id": message_id})
    await session.execute(written.on_conflict_do_nothing(index_elements=["id"]))
