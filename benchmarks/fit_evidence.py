"""Fits the model that decides when to refuse, and measures it on topics that it has not seen.

    python -m benchmarks.fit_evidence [FOLDER_WITH_XQUAD_JSON]

A question is answerable when its passage is among the retrieved ones. Taking that passage away makes it unanswerable while
its topic's other passages stay, which is what a neighbouring subject looks like. Even groups fit the weights and the
threshold, odd ones measure them, and so do pages with headings, whole. `examples/` is never looked at.
"""

import argparse
import json
import uuid
from collections.abc import Iterator
from dataclasses import asdict, astuple, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.calibration import Corpus, Question, headed, paraphrases, xquad
from benchmarks.passage_search import PassageSearch
from ingestion.embedding.embedder import default_embedder
from ingestion.embedding.text import embedding_text
from serving.inference import evidence
from serving.inference.extractive import ExtractiveProvider, Selection
from serving.inference.provider import Evidence, GenerationRequest
from serving.retrieval.settings import RetrievalSettings

# Of questions that cannot be answered, this share is to be refused; as many others as possible are answered. The goal is
# at least 80 %: a threshold that refuses just so many of these questions would miss it on every second set of others.
REFUSE = 0.85
# What people ask: mostly in words of their own, sometimes in the document's. The threshold is set for this mix.
MIX = {"paraphrases": 0.75, "xquad": 0.25}
# The embedding model knows English; in other languages shared words carry more, so these have weights of their own.
OWN_MODEL = ("en",)
_SHRINK = 1e-4


@dataclass(frozen=True)
class Sample:
    """One question with the passages that it was given."""

    source: str
    language: str
    is_held_out: bool
    is_answerable: bool
    is_right: bool
    features: tuple[float, ...]


def samples_of(provider: ExtractiveProvider, corpus: Corpus) -> Iterator[Sample]:
    """Each question with its passage in reach and, when it has one, without."""
    embedder = default_embedder()
    paths = [corpus.heading_path(n) for n in range(len(corpus.passages))]
    vectors = embedder.embed(
        [
            embedding_text(path, text, count_tokens=embedder.count_tokens, room=embedder.max_tokens)
            for path, text in zip(paths, corpus.passages, strict=True)
        ]
    )
    asked = embedder.embed([question.text for question in corpus.questions])
    limit = RetrievalSettings().limit
    ids = [
        uuid.uuid5(uuid.NAMESPACE_OID, f"{corpus.source}-{corpus.language}-{n}") for n in range(len(corpus.passages))
    ]
    with PassageSearch(corpus.passages, [corpus.language] * len(corpus.passages), vectors, paths) as index:
        ranked = [
            [number for number, _ in index.search(question.text, vector)]
            for question, vector in zip(corpus.questions, asked, strict=True)
        ]
    for question, row, found in zip(corpus.questions, asked @ vectors.T, ranked, strict=True):
        for hidden in {None, question.passage}:
            top = [n for n in found if n != hidden][:limit]
            given = tuple(
                Evidence(rank, ids[n], "", corpus.passages[n], paths[n], float(row[n]))
                for rank, n in enumerate(top, start=1)
            )
            selection = provider.select(
                GenerationRequest(question=question.text, evidence=given, model="fit", language=corpus.language)
            )
            if selection.features is not None:
                yield Sample(
                    corpus.source,
                    corpus.language,
                    question.group % 2 == 1 or not corpus.is_fitted_on,
                    question.passage in top,
                    _is_right(question, selection, ids),
                    astuple(selection.features),
                )


def _is_right(question: Question, selection: Selection, ids: list[uuid.UUID]) -> bool:
    """Whether the first sentence holds the answer or, where no answer is marked, comes from the passage that has it."""
    best = selection.chosen[0]
    if question.passage is None or best.evidence.chunk_id != ids[question.passage]:
        return False
    return not question.answers or any(answer in best.sentence.text for answer in question.answers)


def fit(samples: list[Sample]) -> evidence.EvidenceModel:
    """Weights and threshold of one model; every source counts the same, however many questions it has."""
    features = np.array([s.features for s in samples])
    labels = np.array([s.is_answerable for s in samples])
    coefficients = _coefficients(features, labels, _balance(samples))
    probability = 1 / (1 + np.exp(-(features @ coefficients[:-1] + coefficients[-1])))
    threshold = _threshold(samples, probability)
    return evidence.EvidenceModel(
        tuple(round(float(w), 5) for w in coefficients[:-1]), round(float(coefficients[-1]), 5), round(threshold, 3)
    )


def _coefficients(
    features: NDArray[np.float64], labels: NDArray[np.bool_], sample_weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Logistic regression in which no likeness may speak against an answer: weights, then the intercept.

    Left free, weights of figures that go together take opposite signs, and questions unlike those of the fit are misjudged.
    """
    from scipy.optimize import minimize  # ships no types

    signs = np.where(labels, 1.0, -1.0)
    shares = sample_weights / sample_weights.sum()

    def loss(x: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        margins = signs * (features @ x[:-1] + x[-1])
        pull = -shares * signs / (1 + np.exp(np.clip(margins, -30, 30)))
        gradient = np.append(features.T @ pull + _SHRINK * x[:-1], pull.sum())
        return float(shares @ np.logaddexp(0, -margins) + _SHRINK / 2 * (x[:-1] ** 2).sum()), gradient

    width = features.shape[1]
    bounds = [(0.0, None)] * width + [(None, None)]
    found: NDArray[np.float64] = minimize(loss, np.zeros(width + 1), jac=True, method="L-BFGS-B", bounds=bounds).x
    return found


def _threshold(samples: list[Sample], probability: NDArray[np.float64]) -> float:
    """The lowest threshold that refuses the wanted share of the mix of unanswerable questions."""
    by_source = {
        source: np.array(
            [p for s, p in zip(samples, probability, strict=True) if s.source == source and not s.is_answerable]
        )
        for source in sorted({s.source for s in samples})
    }
    shares = [MIX[source] for source in by_source]
    for threshold in np.linspace(0.05, 0.95, 181):
        refused = [(values < threshold).mean() for values in by_source.values()]
        if np.average(refused, weights=shares) >= REFUSE:
            return float(threshold)
    return 0.95


def _model_name(language: str) -> str:
    return language if language in OWN_MODEL else evidence.OTHER


def _balance(samples: list[Sample]) -> NDArray[np.float64]:
    keys = [(s.source, s.is_answerable) for s in samples]
    counts = {key: keys.count(key) for key in set(keys)}
    return np.array([len(keys) / counts[key] for key in keys])


def measure(samples: list[Sample], models: dict[str, evidence.EvidenceModel]) -> dict[str, Any]:
    """Shares answered, refused and rightly chosen, by source and language, and how well the two kinds separate."""
    from sklearn.metrics import roc_auc_score

    results: dict[str, Any] = {}
    for key in sorted({(s.source, s.language) for s in samples}):
        mine = [s for s in samples if (s.source, s.language) == key]
        model = models[_model_name(key[1])]
        probability = np.array([model.probability(evidence.EvidenceFeatures(*s.features)) for s in mine])
        refused = probability < model.threshold
        labels = np.array([s.is_answerable for s in mine])
        results[f"{key[0]}/{key[1]}"] = {
            "answered_when_answerable": round(float((~refused)[labels].mean()), 3),
            "refused_when_unanswerable": round(float(refused[~labels].mean()), 3),
            "first_sentence_right_when_answerable": round(
                float(np.mean([s.is_right for s in mine if s.is_answerable])), 3
            ),
            "auc": round(float(roc_auc_score(labels, probability)), 3),
            "questions": len(mine),
        }
    return results


def main() -> None:
    """Fit, measure on what was held out, and write the weights beside the model's code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "folder", type=Path, nargs="?", help="a folder with xquad.en.json, xquad.de.json, xquad.es.json"
    )
    folder = parser.parse_args().folder
    provider = ExtractiveProvider(default_embedder())
    corpora = [*paraphrases(), *headed(), *(xquad(folder) if folder else ())]
    samples = [sample for corpus in corpora for sample in samples_of(provider, corpus)]
    models = {
        name: fit([s for s in samples if not s.is_held_out and _model_name(s.language) == name])
        for name in sorted({_model_name(s.language) for s in samples})
    }
    stored = {
        "features": [*evidence.EvidenceFeatures.__dataclass_fields__],
        "models": {name: asdict(model) for name, model in models.items()},
        "fitted_on": sorted({f"{c.source}/{c.language}" for c in corpora if c.is_fitted_on}),
        "held_out": measure([s for s in samples if s.is_held_out], models),
    }
    Path(evidence.__file__).with_name("evidence_model.json").write_text(json.dumps(stored, indent=2) + "\n")
    print(json.dumps(stored, indent=2))  # noqa: T201 - what the command is for


if __name__ == "__main__":
    main()
