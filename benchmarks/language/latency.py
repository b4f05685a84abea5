"""How long understanding a question takes, part by part, beside its embedding."""

import statistics
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from benchmarks.figure import figure, percentile
from benchmarks.language.sets import clinc150
from ingestion.embedding.embedder import default_embedder
from ingestion.language.identification import forget, identify_language
from serving.language.analysis import BotLanguage, analyse
from serving.language.entities.patterns import EntityPattern
from serving.language.intents.training import TrainingSet, train_classifier

RUNS = 5
QUESTIONS = 400
MOST_LANGUAGE_MS = 1.0
MOST_MS = {"intent": 10.0}
MOST_TOGETHER_MS = 15.0
_EVERY = 5
_NAMED = "Order AB-12345 of 3 March for $1,234.50 has not come; call +1 415 555 2671 tomorrow at 5 pm: "
_REFERENCE = datetime(2026, 11, 24, 10, tzinfo=UTC)


def measure() -> Iterator[dict[str, Any]]:
    """Medians of five runs of the 95th percentile, each over requests of which every fifth names many things."""
    data = clinc150()
    training_set = TrainingSet.of(data.train)
    classifier = train_classifier(training_set, default_embedder().embed_queries(training_set.texts)).classifier
    bot = BotLanguage(classifier, "US", (EntityPattern("serial", r"SN-\d{4}"),))
    texts = [text for text, _ in data.held_out[:QUESTIONS]]
    texts = [f"{_NAMED}{text}" if index % _EVERY == 0 else text for index, text in enumerate(texts)]
    for text in texts[:50]:
        analyse(text, bot, embedder=default_embedder(), reference=_REFERENCE)
    runs = [_analysing(texts, bot) for _ in range(RUNS)]
    # Beside an embedding engine whose threads still spin, it takes about twice as long as when a question comes by itself.
    yield _figure("language, by itself", [percentile(_identifying(texts), 0.95) for _ in range(RUNS)], MOST_LANGUAGE_MS)
    for part in ("language", "entities", "sentiment", "intent", "embedding"):
        yield _figure(part, [percentile([one[part] for one in run], 0.95) for run in runs], MOST_MS.get(part))
    together = [percentile([sum(one.values()) - one["embedding"] for one in run], 0.95) for run in runs]
    yield _figure("together without embedding", together, MOST_TOGETHER_MS)


def _analysing(texts: list[str], bot: BotLanguage) -> list[dict[str, float]]:
    forget()
    return [analyse(text, bot, embedder=default_embedder(), reference=_REFERENCE).latencies_ms for text in texts]


def _identifying(texts: list[str]) -> list[float]:
    forget()
    found = []
    for text in texts:
        started = time.perf_counter()
        identify_language(text)
        found.append((time.perf_counter() - started) * 1000)
    return found


def _figure(part: str, values: list[float], most: float | None) -> dict[str, Any]:
    spread = (min(values), max(values))
    return figure(
        f"latency p95: {part}", statistics.median(values), "ms", at_most=most, spread=spread, runs=len(values)
    )
