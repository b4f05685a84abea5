"""Answers that were finished while their reader was away, told again from what is stored."""

import uuid
from collections.abc import AsyncGenerator
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from serving.accounts.principal import Actor
from serving.conversations import repository
from serving.conversations.citations import as_shown, passages_shown, related_ranks, suggestions_of
from serving.conversations.events import AnswerDelta, AnswerEvent, AnswerReset, AnswerStarted, AnswerToolCall
from serving.conversations.handovers.requesting import open_handover_shown
from serving.conversations.schemas import AnswerOut
from serving.conversations.tools.toolbox import called_of
from serving.conversations.translating import translated_from
from serving.inference.provider import FinishReason
from storage.postgres.models.message import Message
from storage.postgres.session import AnyRow


@dataclass(frozen=True)
class Retold:
    """A stored answer on its way to a reader. Its generation is one that no reader has seen, so that all of it is read."""

    actor: Actor
    answer: AnswerOut
    generation: int

    @property
    def message_id(self) -> uuid.UUID:
        """The answer's message."""
        return self.answer.message_id


async def retold(session: AsyncSession, actor: Actor, message: Message) -> Retold | None:
    """A finished answer with its citations; None when it has no receipt, so that nothing proves it.

    Citations of documents that are gone, or that the reader may not see any more, are left out.
    """
    receipt = await repository.receipt(session, message.id)
    if receipt is None:
        return None
    passages = await passages_shown(session, message.id)
    related: list[AnyRow] = []
    if receipt.is_refused:
        ranks = related_ranks((row.rank, row.document_id) for row in passages)
        related = [row for row in passages if row.rank in ranks]
    answer = AnswerOut(
        message_id=message.id,
        conversation_id=message.conversation_id,
        question_id=receipt.question_id,
        content=message.content,
        is_refused=receipt.is_refused,
        citations=[as_shown(row) for row in passages if row.citation is not None],
        related=[as_shown(row) for row in related],
        suggestions=suggestions_of((row.heading_path, row.document_name) for row in passages) if related else [],
        receipt_url=f"/api/v1/messages/{message.id}/receipt",
        prompt_tokens=receipt.prompt_tokens,
        completion_tokens=receipt.completion_tokens,
        handover=await open_handover_shown(session, actor, message.conversation_id),
        translated_from=translated_from(receipt.guard_decisions),
        finish_reason=FinishReason(receipt.finish_reason),
        tool_calls=called_of(receipt.guard_decisions),
    )
    return Retold(actor, answer, message.generation + 1)


async def tell_again(told: Retold) -> AsyncGenerator[AnswerEvent, None]:
    """The events of a stored answer: whatever its reader has of it does not count."""
    answer = told.answer
    yield AnswerStarted(answer.conversation_id, answer.question_id, answer.message_id)
    yield AnswerReset("The answer was finished meanwhile, and is told from its beginning")
    yield AnswerDelta(answer.content)
    for number, call in enumerate(answer.tool_calls):
        yield AnswerToolCall(number, call.id, call.name, call.arguments)
    for citation in answer.citations:
        yield citation
    yield answer
