"""The extractive provider: quotes the best sentences of the passages, cites each, or says that it does not know.

It needs no weights beyond the embedding model. Every sentence of an answer is verbatim in a passage, so an answer can be
wrong only by choosing, never by inventing.
"""

import threading
from collections import OrderedDict
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from decimal import Decimal
from functools import lru_cache
from pathlib import Path

import numpy as np
import yaml
from anyio import to_thread
from numpy.typing import NDArray

from ingestion.embedding.embedder import Embedder
from serving.inference.evidence import EvidenceFeatures, content_words, coverage, evidence_model, features_of
from serving.inference.provider import (
    Citation,
    Completed,
    Event,
    Evidence,
    FinishReason,
    GenerationRequest,
    TextDelta,
)
from serving.inference.question_type import answer_kind, fits
from serving.inference.sentences import Sentence, split_sentences, table_header
from serving.language.identify import all_stop_words, identify

MODEL = "extractive-1"
MAX_SENTENCES = 3
# A further sentence joins only when it is nearly as close to the question as the best one, and says something else.
_SCORE_MARGIN = 0.12
_TOO_SIMILAR = 0.92
_COVERAGE_WEIGHT = 0.25
_PASSAGE_WEIGHT = 0.3
_FIT_WEIGHT = 0.05
_CACHED_PASSAGES = 4096

Vectors = NDArray[np.float32]
_PassageKey = tuple[str, str, str | None]


@dataclass(frozen=True)
class _Candidate:
    evidence: Evidence
    sentence: Sentence
    vector: Vectors
    similarity: float
    score: float


@dataclass(frozen=True)
class Selection:
    """What an answer is made of."""

    chosen: tuple[_Candidate, ...]
    features: EvidenceFeatures | None
    probability: float


@lru_cache
def _refusals() -> dict[str, str]:
    phrases: dict[str, dict[str, str]] = yaml.safe_load(Path(__file__).with_name("phrases.yaml").read_text())
    return phrases["refusal"]


class ExtractiveProvider:
    """Answers with quoted sentences."""

    name = "extractive"
    prompt_template = "extractive/question"

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._cache: OrderedDict[_PassageKey, tuple[list[Sentence], Vectors]] = OrderedDict()
        self._lock = threading.Lock()

    def render_prompt(self, request: GenerationRequest) -> str:
        """The question itself: this provider instructs no model."""
        return request.question

    async def stream(self, request: GenerationRequest) -> AsyncIterator[Event]:
        """Answer sentence by sentence, each followed by its citation."""
        selection = await to_thread.run_sync(self.select, request)
        language = request.language or identify(request.question)
        prompt_tokens = self._embedder.count_tokens(request.question)
        decisions: dict[str, object] = {
            "evidence_probability": round(selection.probability, 4),
            "evidence_threshold": evidence_model().threshold,
        }
        if selection.features is not None:
            decisions["evidence_features"] = {k: round(v, 4) for k, v in asdict(selection.features).items()}
        if selection.probability < evidence_model().threshold:
            text = _refusals().get(language or "en", _refusals()["en"])
            yield TextDelta(text)
            yield Completed(
                FinishReason.REFUSED, prompt_tokens, self._embedder.count_tokens(text), Decimal(0), decisions
            )
            return
        answer = []
        for index, candidate in enumerate(selection.chosen):
            text = f"{' ' if index else ''}{_as_sentence(candidate.sentence.text)} [{candidate.evidence.number}]"
            answer.append(text)
            yield TextDelta(text)
            yield Citation(candidate.evidence.number, candidate.sentence.quote)
        tokens = self._embedder.count_tokens("".join(answer))
        yield Completed(FinishReason.STOP, prompt_tokens, tokens, Decimal(0), decisions)

    def select(self, request: GenerationRequest) -> Selection:
        """The sentences to quote and how strong the evidence is. Blocking: embeds the question and new passages."""
        if not request.evidence:
            return Selection((), None, 0.0)
        question = self._embedder.embed([request.question])[0]
        words = content_words(request.question, all_stop_words())
        candidates = self._candidates(request, question, words)
        if not candidates:
            return Selection((), None, 0.0)
        best = max(candidates, key=lambda c: c.score)
        features = features_of(
            words,
            [f"{table_header(evidence.heading_path) or ''}\n{evidence.text}" for evidence in request.evidence],
            [evidence.score for evidence in request.evidence],
            best_sentence=max(c.similarity for c in candidates),
            sentence=best.sentence.text,
        )
        return Selection(_choose(candidates, best), features, evidence_model().probability(features))

    def _candidates(self, request: GenerationRequest, question: Vectors, words: list[str]) -> list[_Candidate]:
        found = []
        evidence, kind = request.evidence, answer_kind(request.question)
        for passage, (sentences, vectors) in zip(evidence, self._embedded(evidence), strict=True):
            for sentence, vector in zip(sentences, vectors, strict=True):
                similarity = float(vector @ question)
                score = (
                    similarity
                    + _COVERAGE_WEIGHT * coverage(words, sentence.text)
                    + _PASSAGE_WEIGHT * passage.score
                    + _FIT_WEIGHT * fits(kind, sentence.text)
                )
                found.append(_Candidate(passage, sentence, vector, similarity, score))
        return found

    def _embedded(self, evidence: tuple[Evidence, ...]) -> list[tuple[list[Sentence], Vectors]]:
        """Sentences and vectors of each passage; only passages not seen lately are embedded, in one batch."""
        keys = [(str(p.chunk_id), p.text, table_header(p.heading_path)) for p in evidence]
        with self._lock:
            known = {key: self._cache[key] for key in keys if key in self._cache}
            for key in known:
                self._cache.move_to_end(key)
        fresh = [(key, split_sentences(key[1], key[2])) for key in dict.fromkeys(keys) if key not in known]
        texts = [sentence.text for _, sentences in fresh for sentence in sentences]
        vectors = self._embedder.embed(texts) if texts else np.zeros((0, self._embedder.dimension), np.float32)
        start = 0
        for key, sentences in fresh:
            known[key] = (sentences, vectors[start : start + len(sentences)])
            start += len(sentences)
        with self._lock:
            for key, _ in fresh:
                self._cache[key] = known[key]
            while len(self._cache) > _CACHED_PASSAGES:
                self._cache.popitem(last=False)
        return [known[key] for key in keys]


def _choose(candidates: list[_Candidate], best: _Candidate) -> tuple[_Candidate, ...]:
    chosen = [best]
    for candidate in sorted(candidates, key=lambda c: -c.score):
        if len(chosen) == MAX_SENTENCES or candidate.score < best.score - _SCORE_MARGIN:
            break
        if all(float(candidate.vector @ other.vector) < _TOO_SIMILAR for other in chosen) and candidate is not best:
            chosen.append(candidate)
    # The best sentence first; what follows it reads in the order of its passage.
    rest = sorted(chosen[1:], key=lambda c: (c.evidence.number, c.sentence.position))
    return (best, *rest)


def _as_sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?", "…", "。", "！", "？")) else f"{text}."
