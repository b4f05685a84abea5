"""Tests of how strong evidence is."""

import json
from dataclasses import astuple, fields, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import serving.inference.evidence as evidence
from serving.inference.evidence import (
    OTHER,
    EvidenceFeatures,
    content_words,
    coverage,
    evidence_model,
    evidence_models,
    features_of,
)
from serving.language.stop_words import all_stop_words

SHARES = st.floats(min_value=0, max_value=1)
NAMES = [f.name for f in fields(EvidenceFeatures)]
FEATURES = st.builds(
    EvidenceFeatures, SHARES, SHARES, SHARES, SHARES, SHARES, SHARES, st.sampled_from([-1.0, 0.0, 1.0])
)


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
            sentence_scores=[0.9, 0.5],
            word_match=0.7,
            answer_fit=-1.0,
        )
        assert astuple(found) == pytest.approx((0.9, 0.8, 0.2, 0.2, 0.7, 1.0, -1.0))


class TestEvidenceModel:
    def test_english_has_its_own(self) -> None:
        assert evidence_model("en") == evidence_models()["en"] != evidence_model("de")

    def test_other_languages_share_one(self) -> None:
        assert evidence_model("de") == evidence_model("es") == evidence_models()[OTHER]

    def test_an_unknown_language_is_taken_for_english(self) -> None:
        assert evidence_model(None) == evidence_model("en")


@pytest.mark.parametrize("language", ["en", "de"])
class TestProbability:
    @given(features=FEATURES)
    def test_is_a_probability(self, language: str, features: EvidenceFeatures) -> None:
        assert 0 < evidence_model(language).probability(features) < 1

    @given(features=FEATURES, name=st.sampled_from(NAMES), step=st.floats(0.01, 0.5))
    def test_more_likeness_never_speaks_against_an_answer(
        self, language: str, features: EvidenceFeatures, name: str, step: float
    ) -> None:
        model = evidence_model(language)
        more = replace(features, **{name: getattr(features, name) + step})
        assert model.probability(more) >= model.probability(features)

    def test_does_not_overflow(self, language: str) -> None:
        model = evidence_model(language)
        assert model.probability(EvidenceFeatures(1e6, 0, 0, 0, 0, 0, 0)) <= 1
        assert model.probability(EvidenceFeatures(-1e6, 0, 0, 0, 0, 0, 0)) >= 0


@pytest.mark.parametrize("language", ["en", "de"])
class TestTheWeightsThatShip:
    def test_belong_to_the_features_in_their_order(self, language: str) -> None:
        stored = json.loads(Path(evidence.__file__).with_name("evidence_model.json").read_text())
        assert stored["features"] == NAMES
        assert len(evidence_model(language).weights) == len(NAMES)

    def test_refuse_without_likeness_and_answer_with_it(self, language: str) -> None:
        model = evidence_model(language)
        assert 0 < model.threshold < 1
        assert model.probability(EvidenceFeatures(0.1, 0.1, 0.02, 0.02, 0.2, 0.1, 0.0)) < model.threshold
        assert model.probability(EvidenceFeatures(0.8, 0.7, 0.3, 0.3, 0.8, 1.0, 1.0)) > model.threshold

    def test_several_figures_speak_and_none_against(self, language: str) -> None:
        weights = evidence_model(language).weights
        assert min(weights) >= 0
        assert sum(weight > 0 for weight in weights) >= 3
