"""Questions translated before the search and quotes translated after it, by the bot's model and never silently.

The question that was typed is what a model answers; only the search has the translation. Quotes of the extractive answerer
become an answer that says it is translated; the sentences themselves stay in its citations.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from anyio import to_thread

from ingestion.language.identification import identify_language
from serving.context import ServingContext
from serving.conversations.side_calls import bot_model
from serving.conversations.turns import AnswerDraft, OpenTurn
from serving.inference.extractive import EXTRACTIVE
from serving.inference.phrases import phrase, spoken
from serving.inference.provider import Citation, Completed, Event, TextDelta
from serving.language.completion import LanguageModel
from serving.language.formats import language_name
from serving.language.outcome import Unavailable
from serving.language.translation import MOST_CHARACTERS, Translation, Translator

# A text is translated, or told to a model to be in a language, only when that is nearly sure: a wrong translation costs the
# answer, a missing one a little.
LEAST_CONFIDENCE = 0.8
MOST_TOKENS = 2_000


@dataclass(frozen=True)
class Searched:
    """A question as it is searched for; `language` and `decision` are set when that is not how it was asked, or could not be."""

    question: str
    language: str | None = None
    decision: dict[str, Any] | None = None


def sure_language(text: str) -> str | None:
    """The language of a text when it is nearly sure. Blocking."""
    named = identify_language(text)
    return named.language if named.confidence >= LEAST_CONFIDENCE else None


async def as_searched(context: ServingContext, turn: OpenTurn, question: str) -> Searched:
    """A question in a language that the bot's documents are in; as it is when it is in one, or cannot be translated.

    Args:
        context: The process's context.
        turn: The turn.
        question: The question as it stands alone.
    """
    wanted = turn.config.language.searches_in
    if not wanted or turn.config.answers_from != "documents":
        return Searched(question)
    source = await to_thread.run_sync(sure_language, question)
    if source is None:
        return Searched(question, decision={"outcome": "unknown_language", "to": wanted[0]})
    if source in wanted:
        return Searched(question)
    found, decision = await _translated(context, turn, question, source=source, target=wanted[0])
    return Searched(found or question, wanted[0] if found else None, decision)


async def in_askers_language(
    context: ServingContext, turn: OpenTurn, draft: AnswerDraft, events: AsyncIterator[Event]
) -> AsyncIterator[Event]:
    """Pass an answer on; one of quotes in another language than the question's is translated, and says so.

    Without a model, or when the translation lost something, the quotes stand as they are. Either is told in `decisions`.
    """
    asks_model = bool(turn.config.routing.candidates)
    quoted: list[TextDelta | Citation] = []
    async for event in events:
        is_quoting = draft.routed is not None and draft.routed.provider == EXTRACTIVE
        if not is_quoting or turn.config.language.answers_in != "question":
            yield event
        elif isinstance(event, TextDelta | Citation):
            quoted.append(event)
            if not asks_model:  # nothing will take its place
                yield event
        elif isinstance(event, Completed):
            said, completed = await _in_askers_language(context, turn, quoted, event)
            for one in said if asks_model else ():
                yield one
            yield completed
        else:
            yield event


async def _in_askers_language(
    context: ServingContext, turn: OpenTurn, quoted: Sequence[TextDelta | Citation], completed: Completed
) -> tuple[Sequence[TextDelta | Citation], Completed]:
    citations = [event for event in quoted if isinstance(event, Citation)]
    if completed.is_refused or not citations:
        return quoted, completed
    quotes = " ".join(citation.quote for citation in citations)
    source, target = await to_thread.run_sync(lambda: (sure_language(quotes), sure_language(turn.question)))
    if source is None or target is None or source == target:
        return quoted, completed
    text = "".join(event.text for event in quoted if isinstance(event, TextDelta))
    found, decision = await _translated(context, turn, text, source=source, target=target)
    told = replace(completed, decisions={**completed.decisions, "translation": {"answer": decision}})
    if found is None:
        return quoted, told
    note = phrase("translated", target).format(language=language_name(source, spoken(target)))
    return [TextDelta(f"{found}\n\n{note}"), *citations], told


async def _translated(
    context: ServingContext, turn: OpenTurn, text: str, *, source: str, target: str
) -> tuple[str | None, dict[str, Any]]:
    """A translation that kept everything, or None; and what receipts say of it."""
    told: dict[str, Any] = {"from": source, "to": target}
    if len(text) > MOST_CHARACTERS:
        return None, {"outcome": "not_available", "reason": "too_long", **told}
    provider = bot_model(context, turn, most_tokens=MOST_TOKENS)
    model = LanguageModel(provider, turn.config.model) if provider is not None else None
    found = await Translator(model).translate(text, source=source, target=target)
    for call in provider.calls if provider is not None else ():
        told |= call.as_json()
    if isinstance(found, Unavailable):
        return None, {"outcome": "not_available", "reason": found.reason.value, **told}
    if isinstance(found, Translation):
        return found.text, {"outcome": "translated", "prompt": found.prompt_template, **told}
    # What was lost may be a part of the text, which belongs to the message alone.
    return None, {"outcome": "not_translated", "changed": len(found.lost), **told}


def translated_from(decisions: Mapping[str, Any]) -> str | None:
    """The language that an answer was translated from, as its receipt's decisions tell; None when it was not."""
    translation = decisions.get("translation")
    told = translation.get("answer", {}) if isinstance(translation, dict) else {}
    return told.get("from") if told.get("outcome") == "translated" else None
