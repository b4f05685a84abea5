"""The one way to understand a text: language, intent, entities and sentiment, in a few milliseconds beside the embedding."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from ingestion.embedding.embedder import Embedder
from ingestion.language.identification import identify_language
from serving.language.completion import LanguageModel
from serving.language.entities.entity import without_overlaps
from serving.language.entities.find import find_entities
from serving.language.entities.patterns import EntityPattern
from serving.language.intents.classifier import IntentClassifier
from serving.language.names import NO_MODEL, find_names
from serving.language.outcome import Unavailable, UnavailableReason
from serving.language.sentiment import sentiment_of
from serving.language.understanding import IntentFinding, Understanding
from storage.records.vector import Vector

Result = TypeVar("Result")

_NOT_LOOKED_FOR = Unavailable(UnavailableReason.OFF, "The intent was not looked for.")


@dataclass(frozen=True)
class BotLanguage:
    """What understanding needs to know of a bot.

    Attributes:
        classifier: The live intent model, or why there is none.
        region: ISO 3166 code of its country, if it says one.
        patterns: Its own entities.
    """

    classifier: IntentClassifier | Unavailable
    region: str | None = None
    patterns: tuple[EntityPattern, ...] = ()


def analyse(text: str, bot: BotLanguage, *, embedder: Embedder, reference: datetime) -> Understanding:
    """Understand a text, without a language model. Blocking: embeds the text when the bot has intents.

    Args:
        text: What somebody wrote.
        bot: Whom they wrote to.
        embedder: Makes the sentence vector that intents are told by.
        reference: The moment that `tomorrow` is counted from, in the time zone of whoever wrote.
    """
    return with_intent(analyse_words(text, bot, reference=reference), text, bot.classifier, embedder=embedder)


def analyse_words(text: str, bot: BotLanguage, *, reference: datetime) -> Understanding:
    """Understand what the words of a text say; its intent, which needs its vector, is not looked for. Blocking.

    Args:
        text: What somebody wrote.
        bot: Whom they wrote to.
        reference: As of `analyse`.
    """
    latencies: dict[str, float] = {}
    named = _timed("language", latencies, lambda: identify_language(text))
    entities = _timed(
        "entities",
        latencies,
        lambda: find_entities(
            text, reference=reference, language=named.language, region=bot.region, patterns=bot.patterns
        ),
    )
    felt = _timed("sentiment", latencies, lambda: sentiment_of(text, named.language))
    return Understanding(
        language=named.language,
        language_confidence=named.confidence,
        intent=bot.classifier if isinstance(bot.classifier, Unavailable) else _NOT_LOOKED_FOR,
        entities=entities,
        names=NO_MODEL,
        sentiment=felt,
        latencies_ms=latencies,
    )


def with_intent(
    understood: Understanding,
    text: str,
    classifier: IntentClassifier | Unavailable,
    *,
    embedder: Embedder,
    vector: Vector | None = None,
) -> Understanding:
    """The same with the intent of a text. Blocking: embeds the text unless its vector is given.

    Args:
        understood: What else is understood.
        text: What the intent is told of: the text, or what it stands for where it leans on an earlier one.
        classifier: The live intent model, or why there is none.
        embedder: Makes the sentence vector.
        vector: The text's vector of this embedder, where it is there already.
    """
    if isinstance(classifier, Unavailable):
        return replace(understood, intent=classifier)
    latencies = dict(understood.latencies_ms)
    if vector is None:
        vector = _timed("embedding", latencies, lambda: embedder.embed_queries([text])[0])
    known = vector
    told = _timed("intent", latencies, lambda: classifier.classify(known, text))
    is_sure = told.probability >= classifier.threshold
    found = IntentFinding(
        intent=told.label if is_sure else None,
        confidence=round(told.probability, 4),
        likeliest=told.label,
        threshold=round(classifier.threshold, 4),
    )
    return replace(understood, intent=found, latencies_ms=latencies)


async def with_names(understood: Understanding, text: str, model: LanguageModel | None) -> Understanding:
    """The same with names of people among the entities, if there is a model to find them."""
    found = await find_names(text, model)
    if isinstance(found, Unavailable):
        return replace(understood, names=found)
    return replace(understood, names=None, entities=tuple(without_overlaps([*understood.entities, *found])))


def _timed(part: str, latencies: dict[str, float], action: Callable[[], Result]) -> Result:
    started = time.perf_counter()
    result = action()
    latencies[part] = (time.perf_counter() - started) * 1000
    return result
