"""Summarizes what has left the window, beside the answers: nobody waits for it, and what is lost is made again later."""

import uuid

from anyio import to_thread
from sqlalchemy.dialects.postgresql import insert

from serving.context import ServingContext
from serving.conversations.memory.asking import ask_model
from serving.conversations.memory.recall import WINDOW_TURNS, RecalledTurn
from serving.conversations.memory.summary import MOST_SENTENCES, SummarySentence, central_sentences
from serving.conversations.turns import OpenTurn
from serving.inference.prompts.tasks import summary as summary_prompt
from storage.postgres.models.conversation_summary import ConversationSummary, SummaryMethod
from storage.postgres.session import async_organization_session

# Summarized when so many turns have left the window: not after every answer.
_EVERY = 6


def turns_to_summarize(turn: OpenTurn) -> list[RecalledTurn]:
    """Turns that have left the window, when there are enough that no summary holds; none otherwise."""
    left = list(turn.memory.turns[:-WINDOW_TURNS])
    known = [place for place, one in enumerate(left) if one.message_id == turn.memory.summarized_until]
    fresh = left[known[-1] + 1 :] if known else left
    return fresh if len(fresh) >= _EVERY else []


async def summarize(context: ServingContext, turn: OpenTurn) -> None:
    """Summarize what has left the window, together with the summary before it."""
    left = turns_to_summarize(turn)
    if not left:
        return
    text = "\n".join([*turn.memory.summary, *(f"{one.role}: {one.content}" for one in left)])
    said = await ask_model(context, turn, summary_prompt(text, most=MOST_SENTENCES))
    if said is not None:
        method = SummaryMethod.MODEL
        lines = [line.strip(" -") for line in said.splitlines() if line.strip(" -")]
        sentences = [SummarySentence(line, None) for line in lines[:MOST_SENTENCES]]
    else:
        method = SummaryMethod.EXTRACTIVE
        before = [(left[0].message_id, sentence) for sentence in turn.memory.summary]
        texts = [*before, *((one.message_id, one.content) for one in left)]
        sentences = await to_thread.run_sync(lambda: central_sentences(texts, embedder=context.embedder))
    async with async_organization_session(context.engine, turn.actor.organization_id) as session:
        await session.execute(
            insert(ConversationSummary)
            .values(
                id=uuid.uuid4(),
                organization_id=turn.actor.organization_id,
                conversation_id=turn.conversation_id,
                until_message_id=left[-1].message_id,
                sentences=[sentence.as_json() for sentence in sentences],
                method=method,
            )
            .on_conflict_do_nothing(index_elements=["until_message_id"])
        )
