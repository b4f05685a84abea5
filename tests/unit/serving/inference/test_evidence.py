"""Tests of how strong evidence is."""

import json
from dataclasses import astuple, fields, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import serving.inference.evidence as evidence
from serving.inference.evidence import (
    EvidenceFeatures,
    content_words,
    coverage,
    evidence_model,
    features_of,
)
from serving.language.identify import all_stop_words

SHARES = st.floats(min_value=0, max_value=1)
FEATURES = st.builds(EvidenceFeatures, SHARES, SHARES, SHARES, SHARES, SHARES)


class TestContentWords:
    def test_function_words_and_letters_go_and_numbers_stay(self) -> None:
        words = content_words("How long is the warranty of a K5 grinder in 7 shops?", all_stop_words())
        assert words == ["long", "warranty", "k5", "grinder", "7", "shops"]


class TestCoverage:
    def test_the_share_of_words_that_occur(self) -> None:
        assert coverage(["warranty", "months"], "The warranty lasts long.") == 0.5

    def test_inflections_count_as_the_same_word(self) -> None:
        assert coverage(["returning"], "You may return any machine that was returned.") == 1.0

    def test_a_number_must_be_the_same_number(self) -> None:
        assert coverage(["123456"], "Call 123457 for help.") == 0.0

    def test_a_question_of_function_words_only_covers_nothing(self) -> None:
        assert coverage([], "Anything at all.") == 0.0

    @given(st.lists(st.text(alphabet="abcdef", min_size=1, max_size=8)), st.text(max_size=80))
    def test_is_a_share_and_full_for_its_own_words(self, words: list[str], text: str) -> None:
        assert 0 <= coverage(words, text) <= 1
        if words:
            assert coverage(words, " ".join(words)) == 1


class TestFeaturesOf:
    def test_the_best_of_each(self) -> None:
        found = features_of(
            ["warranty"],
            ["No word of it.", "The warranty is long."],
            [0.8, 0.4],
            best_sentence=0.9,
            sentence="The warranty.",
        )
        assert astuple(found) == pytest.approx((0.9, 0.8, 0.2, 1.0, 1.0))


class TestProbability:
    @given(FEATURES)
    def test_is_a_probability(self, features: EvidenceFeatures) -> None:
        assert 0 < evidence_model().probability(features) < 1

    @given(FEATURES, st.sampled_from([f.name for f in fields(EvidenceFeatures)]), st.floats(0.01, 0.5))
    def test_moves_with_the_sign_of_the_weight(self, features: EvidenceFeatures, name: str, step: float) -> None:
        model = evidence_model()
        weight = model.weights[[f.name for f in fields(EvidenceFeatures)].index(name)]
        more = replace(features, **{name: getattr(features, name) + step})
        assert (model.probability(more) - model.probability(features)) * weight > 0

    def test_does_not_overflow(self) -> None:
        model = evidence_model()
        assert model.probability(EvidenceFeatures(1e6, 0, 0, 0, 0)) <= 1
        assert model.probability(EvidenceFeatures(-1e6, 0, 0, 0, 0)) >= 0


class TestTheWeightsThatShip:
    def test_belong_to_the_features_in_their_order(self) -> None:
        stored = json.loads(Path(evidence.__file__).with_name("evidence_model.json").read_text())
        assert stored["features"] == [f.name for f in fields(EvidenceFeatures)]
        assert len(stored["weights"]) == len(stored["features"])

    def test_refuse_without_likeness_and_answer_with_it(self) -> None:
        model = evidence_model()
        assert 0 < model.threshold < 1
        assert model.probability(EvidenceFeatures(0.1, 0.1, 0.02, 0.1, 0.0)) < model.threshold
        assert model.probability(EvidenceFeatures(0.8, 0.7, 0.3, 1.0, 1.0)) > model.threshold

    def test_more_likeness_and_words_speak_for_an_answer(self) -> None:
        weights = dict(zip([f.name for f in fields(EvidenceFeatures)], evidence_model().weights, strict=True))
        assert all(weights[name] > 0 for name in ("best_sentence", "coverage", "sentence_coverage"))
