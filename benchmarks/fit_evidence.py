"""Fits the model that decides when to refuse, and measures it on topics that it has not seen.

    python -m benchmarks.fit_evidence [FOLDER_WITH_XQUAD_JSON]

A question is answerable when its passage is among the retrieved ones. Taking that passage away makes it unanswerable while
its topic's other passages stay, which is what a neighbouring subject looks like. Even groups fit the weights and the
threshold, odd ones measure them. `examples/` is never looked at.
"""

import argparse
import json
import uuid
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.calibration import Corpus, paraphrases, xquad
from ingestion.embedding.embedder import default_embedder
from serving.inference import evidence
from serving.inference.extractive import ExtractiveProvider
from serving.inference.provider import Evidence, GenerationRequest
from serving.retrieval.passage import RetrievalSettings

# Of questions that cannot be answered, this share is to be refused; as many others as possible are answered.
REFUSE = 0.80


@dataclass(frozen=True)
class Sample:
    """One question with the passages that it was given."""

    source: str
    language: str
    is_held_out: bool
    is_answerable: bool
    features: tuple[float, ...]


def samples_of(provider: ExtractiveProvider, corpus: Corpus) -> Iterator[Sample]:
    """Each question with its passage in reach and, when it has one, without."""
    embedder = default_embedder()
    scores = embedder.embed([q.text for q in corpus.questions]) @ embedder.embed(corpus.passages).T
    limit = RetrievalSettings().limit
    ids = [
        uuid.uuid5(uuid.NAMESPACE_OID, f"{corpus.source}-{corpus.language}-{n}") for n in range(len(corpus.passages))
    ]
    for question, row in zip(corpus.questions, scores, strict=True):
        ranked = [int(n) for n in np.argsort(-row)]
        for hidden in {None, question.passage}:
            top = [n for n in ranked if n != hidden][:limit]
            given = tuple(
                Evidence(rank, ids[n], "", corpus.passages[n], (), float(row[n])) for rank, n in enumerate(top, start=1)
            )
            selection = provider.select(GenerationRequest(question=question.text, evidence=given, model="fit"))
            if selection.features is not None:
                yield Sample(
                    corpus.source,
                    corpus.language,
                    question.group % 2 == 1,
                    question.passage in top,
                    astuple(selection.features),
                )


def fit(samples: list[Sample]) -> evidence.EvidenceModel:
    """Weights and threshold; every source counts the same, however many questions it has."""
    from sklearn.linear_model import LogisticRegression

    features = np.array([s.features for s in samples])
    labels = np.array([s.is_answerable for s in samples])
    weights = _balance(samples)
    model = LogisticRegression(C=30.0, max_iter=5000).fit(features, labels, sample_weight=weights)
    probability = model.predict_proba(features)[:, 1]
    threshold = _threshold(samples, probability)
    return evidence.EvidenceModel(
        tuple(round(float(w), 5) for w in model.coef_[0]), round(float(model.intercept_[0]), 5), round(threshold, 3)
    )


def _threshold(samples: list[Sample], probability: NDArray[np.float64]) -> float:
    """The lowest threshold that refuses the wanted share of unanswerable questions, on average over the sources."""
    by_source = [
        np.array([p for s, p in zip(samples, probability, strict=True) if s.source == source and not s.is_answerable])
        for source in sorted({s.source for s in samples})
    ]
    for threshold in np.linspace(0.05, 0.95, 181):
        if np.mean([(values < threshold).mean() for values in by_source]) >= REFUSE:
            return float(threshold)
    return 0.95


def _balance(samples: list[Sample]) -> NDArray[np.float64]:
    keys = [(s.source, s.is_answerable) for s in samples]
    counts = {key: keys.count(key) for key in set(keys)}
    return np.array([len(keys) / counts[key] for key in keys])


def measure(samples: list[Sample], model: evidence.EvidenceModel) -> dict[str, Any]:
    """Shares answered and refused, by source and language."""
    results: dict[str, Any] = {}
    for key in sorted({(s.source, s.language) for s in samples}):
        mine = [s for s in samples if (s.source, s.language) == key]
        refused = np.array([model.probability(evidence.EvidenceFeatures(*s.features)) < model.threshold for s in mine])
        labels = np.array([s.is_answerable for s in mine])
        results[f"{key[0]}/{key[1]}"] = {
            "answered_when_answerable": round(float((~refused)[labels].mean()), 3),
            "refused_when_unanswerable": round(float(refused[~labels].mean()), 3),
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
    corpora = [*paraphrases(), *(xquad(folder) if folder else ())]
    samples = [sample for corpus in corpora for sample in samples_of(provider, corpus)]
    model = fit([s for s in samples if not s.is_held_out])
    stored = {
        "features": [*evidence.EvidenceFeatures.__dataclass_fields__],
        "weights": model.weights,
        "intercept": model.intercept,
        "threshold": model.threshold,
        "fitted_on": sorted({f"{c.source}/{c.language}" for c in corpora}),
        "held_out": measure([s for s in samples if s.is_held_out], model),
    }
    Path(evidence.__file__).with_name("evidence_model.json").write_text(json.dumps(stored, indent=2) + "\n")
    print(json.dumps(stored, indent=2))  # noqa: T201 - what the command is for


if __name__ == "__main__":
    main()
