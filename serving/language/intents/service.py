"""Intents of a bot and their examples."""

import uuid
from collections.abc import Sequence

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from serving.accounts.audit import record
from serving.accounts.principal import Actor
from serving.bots.errors import ChatbotNotFoundError
from serving.language.intents import repository
from serving.language.intents.errors import (
    ExampleOfAnotherIntentError,
    IntentExampleNotFoundError,
    IntentNameTakenError,
    IntentNotFoundError,
)
from serving.language.intents.schemas import ExamplesAdded, IntentCreate, IntentOut, IntentUpdate, LabelledText
from storage.postgres.models.chatbot import Chatbot
from storage.postgres.models.intent import Intent
from storage.postgres.models.intent_example import IntentExample

OUT_OF_SCOPE = "out of scope"  # name of the intent that is made for examples without one


async def get_chatbot(session: AsyncSession, chatbot_id: uuid.UUID, *, lock: bool = False) -> Chatbot:
    """The bot.

    Raises:
        ChatbotNotFoundError: Unknown here, or archived.
    """
    found = await repository.chatbot(session, chatbot_id, lock=lock)
    if found is None:
        raise ChatbotNotFoundError
    return found


async def list_intents(session: AsyncSession, chatbot_id: uuid.UUID) -> list[IntentOut]:
    """Intents by name, out of scope last."""
    await get_chatbot(session, chatbot_id)
    return [_out(row, count) for row, count in await repository.intents(session, chatbot_id)]


async def create_intent(session: AsyncSession, actor: Actor, chatbot_id: uuid.UUID, body: IntentCreate) -> IntentOut:
    """Add an intent with its first examples.

    Raises:
        ChatbotNotFoundError: Unknown here.
        IntentNameTakenError: The name is in use, or the bot has an out-of-scope intent already.
        ExampleOfAnotherIntentError: A text is an example of another intent.
    """
    await get_chatbot(session, chatbot_id, lock=True)
    row = Intent(
        organization_id=actor.organization_id,
        chatbot_id=chatbot_id,
        name=body.name,
        description=body.description,
        is_out_of_scope=body.is_out_of_scope,
    )
    session.add(row)
    await _flush(session, body.name)
    added = await _add(session, actor, chatbot_id, dict.fromkeys(body.examples, row))
    record(session, actor, "intent.created", subject_type="intent", subject_id=row.id, details={"examples": added})
    await session.refresh(row)
    return _out(row, added)


async def update_intent(
    session: AsyncSession, actor: Actor, chatbot_id: uuid.UUID, intent_id: uuid.UUID, body: IntentUpdate
) -> IntentOut:
    """Rename or describe an intent; a live model goes on telling the old name until the next training."""
    row = await get_intent(session, chatbot_id, intent_id)
    if body.name is not None:
        row.name = body.name
    if "description" in body.model_fields_set:
        row.description = body.description
    await _flush(session, row.name)
    details = {"fields": sorted(body.model_fields_set)}
    record(session, actor, "intent.updated", subject_type="intent", subject_id=row.id, details=details)
    await session.refresh(row)
    return _out(row, await repository.count_examples(session, row.id))


async def delete_intent(session: AsyncSession, actor: Actor, chatbot_id: uuid.UUID, intent_id: uuid.UUID) -> None:
    """Remove an intent with its examples."""
    await session.delete(await get_intent(session, chatbot_id, intent_id))
    record(session, actor, "intent.deleted", subject_type="intent", subject_id=intent_id)


async def get_intent(session: AsyncSession, chatbot_id: uuid.UUID, intent_id: uuid.UUID) -> Intent:
    """One intent of a bot.

    Raises:
        ChatbotNotFoundError: The bot is unknown here.
        IntentNotFoundError: The bot has no such intent.
    """
    await get_chatbot(session, chatbot_id)
    row = await repository.intent(session, chatbot_id, intent_id)
    if row is None:
        raise IntentNotFoundError
    return row


async def list_examples(
    session: AsyncSession, chatbot_id: uuid.UUID, intent_id: uuid.UUID, *, limit: int, offset: int
) -> Sequence[IntentExample]:
    """Examples of an intent, oldest first."""
    row = await get_intent(session, chatbot_id, intent_id)
    return await repository.examples_of(session, row.id, limit=limit, offset=offset)


async def add_examples(
    session: AsyncSession, actor: Actor, chatbot_id: uuid.UUID, examples: Sequence[LabelledText]
) -> ExamplesAdded:
    """Add examples of many intents, making the intents that are not there yet; all are added, or none.

    Raises:
        ChatbotNotFoundError: The bot is unknown here.
        ExampleOfAnotherIntentError: A text is, or would become, an example of two intents.
    """
    await get_chatbot(session, chatbot_id, lock=True)
    known = [row for row, _ in await repository.intents(session, chatbot_id)]
    by_name: dict[str | None, Intent] = {None if row.is_out_of_scope else row.name: row for row in known}
    created = []
    for name in dict.fromkeys(one.intent for one in examples):
        if name not in by_name:
            by_name[name] = Intent(
                organization_id=actor.organization_id,
                chatbot_id=chatbot_id,
                name=name or OUT_OF_SCOPE,
                is_out_of_scope=name is None,
            )
            session.add(by_name[name])
            created.append(name or OUT_OF_SCOPE)
    await _flush(session, ", ".join(created[:5]))
    wanted: dict[str, Intent] = {}
    for one in examples:
        row = by_name[one.intent]
        if wanted.setdefault(one.text, row) is not row:
            raise ExampleOfAnotherIntentError(
                f"`{one.text[:80]}` is given for {wanted[one.text].name!r} and for {row.name!r}; choose one of them"
            )
    added = await _add(session, actor, chatbot_id, wanted)
    details = {"added": added, "intents_created": len(created)}
    record(session, actor, "intent.examples_added", subject_type="chatbot", subject_id=chatbot_id, details=details)
    return ExamplesAdded(added=added, known=len(wanted) - added, intents_created=created)


async def delete_example(
    session: AsyncSession, actor: Actor, chatbot_id: uuid.UUID, intent_id: uuid.UUID, example_id: uuid.UUID
) -> None:
    """Take an example away."""
    row = await get_intent(session, chatbot_id, intent_id)
    if not await repository.delete_example(session, row.id, example_id):
        raise IntentExampleNotFoundError
    record(session, actor, "intent.example_deleted", subject_type="intent", subject_id=intent_id)


async def _add(session: AsyncSession, actor: Actor, chatbot_id: uuid.UUID, wanted: dict[str, Intent]) -> int:
    """Write the texts that are new; how many."""
    if not wanted:
        return 0
    there = await repository.intents_of_texts(session, chatbot_id, list(wanted))
    for text, intent_id in there.items():
        if intent_id != wanted[text].id:
            raise ExampleOfAnotherIntentError(
                f"`{text[:80]}` is an example of another intent already; delete it there, or leave it out here"
            )
    await repository.add_examples(
        session,
        [
            {"organization_id": actor.organization_id, "chatbot_id": chatbot_id, "intent_id": row.id, "text": text}
            for text, row in wanted.items()
            if text not in there
        ],
    )
    return len(wanted) - len(there)


async def _flush(session: AsyncSession, name: str) -> None:
    try:
        await session.flush()
    except IntegrityError as error:
        raise IntentNameTakenError(
            f"Another intent of this chatbot is called {name!r}, or it has an out-of-scope intent already"
        ) from error


def _out(row: Intent, examples: int) -> IntentOut:
    return IntentOut(
        id=row.id,
        name=row.name,
        description=row.description,
        is_out_of_scope=row.is_out_of_scope,
        examples=examples,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
