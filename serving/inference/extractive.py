"""The extractive provider: quotes the best sentences of the passages, cites each, or says that it does not know.

It needs no weights beyond the embedding model. Every sentence of an answer is verbatim in a passage, so an answer can be
wrong only by choosing, never by inventing.
"""

from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass

import numpy as np
from anyio import to_thread
from numpy.typing import NDArray

from ingestion.embedding.embedder import Embedder
from ingestion.language.identification import identify_language
from serving.inference.evidence import EvidenceFeatures, content_words, coverage, evidence_model, features_of
from serving.inference.matching import mean_match, word_matches
from serving.inference.phrases import phrase
from serving.inference.provider import (
    Citation,
    Completed,
    Event,
    Evidence,
    FinishReason,
    GenerationRequest,
    TextDelta,
    TokenUsage,
)
from serving.inference.question_type import AnswerKind, answer_kind, fits
from serving.inference.reading import PassageReader
from serving.inference.sentences import Sentence
from serving.language.stop_words import all_stop_words

# Its name, by which receipts, prices and routes know it.
EXTRACTIVE = "extractive"
MODEL = "extractive-1"
MAX_SENTENCES = 3
# A further sentence joins only when it is nearly as close to the question as the best one, and says something else.
_SCORE_MARGIN = 0.12
_TOO_SIMILAR = 0.92
# How a sentence is scored; chosen on question sets other than the ones that judge it (docs/decisions/0003).
_WEIGHTS = {"similarity": 0.5, "match": 1.0, "passage_match": 1.0, "passage_score": 0.5, "coverage": 0.25, "fit": 0.03}

Vectors = NDArray[np.float32]


@dataclass(frozen=True)
class _Candidate:
    evidence: Evidence
    sentence: Sentence
    vector: Vectors
    similarity: float
    passage_match: float
    score: float


@dataclass(frozen=True)
class _Asked:
    """A question as it is compared: whole, and by its words that carry meaning."""

    vector: Vectors
    words: list[str]
    word_vectors: Vectors
    kind: AnswerKind | None


@dataclass(frozen=True)
class Selection:
    """What an answer is made of."""

    chosen: tuple[_Candidate, ...]
    features: EvidenceFeatures | None
    probability: float
    threshold: float = 1.0

    @property
    def is_answer(self) -> bool:
        """Whether the evidence is strong enough."""
        return self.probability >= self.threshold


class ExtractiveProvider:
    """Answers with quoted sentences."""

    name = EXTRACTIVE

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._reader = PassageReader(embedder)

    async def stream(self, request: GenerationRequest) -> AsyncIterator[Event]:
        """Answer sentence by sentence, each followed by its citation."""
        selection = await to_thread.run_sync(self.select, request)
        language = request.language or _language(request.question)
        prompt_tokens = self._embedder.count_tokens(request.question)
        decisions: dict[str, object] = {
            "evidence_probability": round(selection.probability, 4),
            "evidence_threshold": selection.threshold,
        }
        if selection.features is not None:
            decisions["evidence_features"] = {k: round(v, 4) for k, v in asdict(selection.features).items()}
        if not selection.is_answer:
            text = phrase("refusal", language)
            yield TextDelta(text)
            usage = TokenUsage(prompt_tokens, self._embedder.count_tokens(text))
            yield Completed(FinishReason.REFUSED, usage, MODEL, decisions=decisions)
            return
        answer = []
        for index, candidate in enumerate(selection.chosen):
            text = f"{' ' if index else ''}{_as_sentence(candidate.sentence.text)} [{candidate.evidence.number}]"
            answer.append(text)
            yield TextDelta(text)
            yield Citation(candidate.evidence.number, candidate.sentence.quote)
        usage = TokenUsage(prompt_tokens, self._embedder.count_tokens("".join(answer)))
        yield Completed(FinishReason.STOP, usage, MODEL, decisions=decisions)

    def select(self, request: GenerationRequest) -> Selection:
        """The sentences to quote and how strong the evidence is. Blocking: embeds the question and new passages."""
        # The words that are compared are those of the question as it is searched for.
        model = evidence_model(request.searched_language or request.language or _language(request.question))
        if not request.evidence:
            return Selection((), None, 0.0, model.threshold)
        asked = self._asked(request.question)
        candidates = self._candidates(request.evidence, asked)
        if not candidates:
            return Selection((), None, 0.0, model.threshold)
        best = max(candidates, key=lambda c: c.score)
        closest: dict[int, float] = {}
        for candidate in candidates:
            number = candidate.evidence.number
            closest[number] = max(closest.get(number, -1.0), candidate.similarity)
        features = features_of(
            asked.words,
            ["\n".join((*evidence.heading_path, evidence.text)) for evidence in request.evidence],
            [evidence.score for evidence in request.evidence],
            sentence_scores=list(closest.values()),
            word_match=max(c.passage_match for c in candidates),
            answer_fit=fits(asked.kind, best.sentence.text),
        )
        return Selection(_choose(candidates, best), features, model.probability(features), model.threshold)

    def _asked(self, question: str) -> _Asked:
        (found,) = self._embedder.embed_words([question])
        words = content_words(question, all_stop_words())
        kept = [index for index, word in enumerate(found.words) if word in words]
        # A question of function words only is compared by all of them.
        vectors = found.word_vectors[kept] if kept else found.word_vectors
        return _Asked(found.vector, words, vectors, answer_kind(question))

    def _candidates(self, evidence: tuple[Evidence, ...], asked: _Asked) -> list[_Candidate]:
        found = []
        for passage, whole in zip(evidence, self._reader.read(evidence), strict=True):
            matches = [word_matches(asked.word_vectors, read.word_vectors) for read in whole.sentences]
            # What a passage is about often stands in its heading alone.
            others = word_matches(asked.word_vectors, whole.other_word_vectors)
            passage_match = mean_match(np.max([*matches, others], axis=0))
            for read, match in zip(whole.sentences, matches, strict=True):
                text = read.sentence.text
                parts = {
                    "similarity": float(read.vector @ asked.vector),
                    "match": mean_match(match),
                    "passage_match": passage_match,
                    "passage_score": passage.score,
                    "coverage": coverage(asked.words, text),
                    "fit": fits(asked.kind, text),
                }
                score = sum(_WEIGHTS[name] * value for name, value in parts.items())
                found.append(_Candidate(passage, read.sentence, read.vector, parts["similarity"], passage_match, score))
        return found


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


def _language(text: str) -> str | None:
    return identify_language(text).language


def _as_sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?", "…", "。", "！", "？")) else f"{text}."
