"""Fits the model that decides when to refuse, on public questions: XQuAD paragraphs with and without their answer.

    python -m benchmarks.fit_evidence FOLDER_WITH_XQUAD_JSON

A question is answerable when its paragraph is among the retrieved passages; taking that paragraph away makes it
unanswerable while its article's other paragraphs stay, which is what a neighbouring topic looks like. Half of the articles
fit the weights and the threshold, the other half measures them. `examples/` is never looked at.
"""

import argparse
import json
import uuid
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ingestion.embedding.embedder import default_embedder
from serving.inference import evidence
from serving.inference.extractive import ExtractiveProvider
from serving.inference.provider import Evidence, GenerationRequest
from serving.retrieval.passage import RetrievalSettings

LANGUAGES = ("en", "de", "es")


@dataclass(frozen=True)
class _Sample:
    article: int
    language: str
    features: tuple[float, ...]
    is_answerable: bool


@dataclass(frozen=True)
class _Question:
    article: int
    paragraph: int
    text: str


def _load(path: Path) -> tuple[list[str], list[_Question]]:
    paragraphs: list[str] = []
    questions: list[_Question] = []
    for article, entry in enumerate(json.loads(path.read_text())["data"]):
        for paragraph in entry["paragraphs"]:
            questions += [_Question(article, len(paragraphs), qa["question"]) for qa in paragraph["qas"]]
            paragraphs.append(paragraph["context"])
    return paragraphs, questions


def _samples(provider: ExtractiveProvider, path: Path, language: str) -> Iterator[_Sample]:
    embedder = default_embedder()
    paragraphs, questions = _load(path)
    scores = embedder.embed([q.text for q in questions]) @ embedder.embed(paragraphs).T
    limit = RetrievalSettings().limit
    ids = [uuid.uuid5(uuid.NAMESPACE_OID, f"{language}-{n}") for n in range(len(paragraphs))]
    for question, row in zip(questions, scores, strict=True):
        ranked = [int(n) for n in np.argsort(-row)]
        for without in (False, True):
            top = [n for n in ranked if not (without and n == question.paragraph)][:limit]
            given = tuple(
                Evidence(rank, ids[n], "", paragraphs[n], (), float(row[n])) for rank, n in enumerate(top, start=1)
            )
            selection = provider.select(GenerationRequest(question=question.text, evidence=given, model="fit"))
            if selection.features is not None:
                yield _Sample(question.article, language, astuple(selection.features), question.paragraph in top)


def _fit(samples: list[_Sample]) -> tuple[NDArray[np.float64], float, float]:
    from sklearn.linear_model import LogisticRegression

    features = np.array([s.features for s in samples])
    labels = np.array([s.is_answerable for s in samples])
    model = LogisticRegression(C=100.0, max_iter=5000).fit(features, labels)
    probability = model.predict_proba(features)[:, 1]
    thresholds = np.linspace(0.05, 0.95, 181)
    balanced = [((probability >= t)[labels].mean() + (probability < t)[~labels].mean()) / 2 for t in thresholds]
    return model.coef_[0], float(model.intercept_[0]), float(thresholds[int(np.argmax(balanced))])


def _measure(
    samples: list[_Sample], weights: NDArray[np.float64], intercept: float, threshold: float
) -> dict[str, float]:
    model = evidence.EvidenceModel(tuple(weights), intercept, threshold)
    refused = np.array([model.probability(evidence.EvidenceFeatures(*s.features)) < threshold for s in samples])
    labels = np.array([s.is_answerable for s in samples])
    return {
        "answered_when_answerable": round(float((~refused)[labels].mean()), 4),
        "refused_when_unanswerable": round(float(refused[~labels].mean()), 4),
        "questions": len(samples),
    }


def main() -> None:
    """Fit, measure on the held-out articles, and write the weights beside the model's code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    provider = ExtractiveProvider(default_embedder())
    samples = [s for lang in LANGUAGES for s in _samples(provider, folder / f"xquad.{lang}.json", lang)]
    train = [s for s in samples if s.article % 2 == 0]
    held_out = [s for s in samples if s.article % 2 == 1]
    weights, intercept, threshold = _fit(train)
    measured = {
        language: _measure([s for s in held_out if s.language == language], weights, intercept, threshold)
        for language in LANGUAGES
    }
    stored = {
        "features": [*evidence.EvidenceFeatures.__dataclass_fields__],
        "weights": [round(float(w), 5) for w in weights],
        "intercept": round(intercept, 5),
        "threshold": round(threshold, 3),
        "fitted_on": "XQuAD (CC BY-SA 4.0) en, de, es: even articles; measured on odd articles",
        "held_out": measured,
    }
    path = Path(evidence.__file__).with_name("evidence_model.json")
    path.write_text(json.dumps(stored, indent=2) + "\n")
    print(json.dumps(stored, indent=2))  # noqa: T201 - what the command is for


if __name__ == "__main__":
    main()
