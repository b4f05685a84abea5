"""The share of the vector search."""

from itertools import pairwise

import pytest

from serving.retrieval.weights import ENGLISH, OTHER, SHORT_ENGLISH, UNSPACED, Corpus, vector_weight

MODEL = "all-MiniLM-L6-v2"
LONG = Corpus(200.0, {"en": 1.0})


class TestVectorWeight:
    @pytest.mark.parametrize(
        ("language", "unspaced", "expected"), [("en", False, ENGLISH), ("de", False, OTHER), (None, True, UNSPACED)]
    )
    def test_by_language(self, language: str | None, unspaced: bool, expected: float) -> None:
        assert vector_weight(language, LONG, is_unspaced=unspaced, model=MODEL) == expected

    def test_short_passages_leave_it_to_the_vectors(self) -> None:
        weights = [
            vector_weight("en", Corpus(n, {"en": 1.0}), is_unspaced=False, model=MODEL)
            for n in (5, 20, 30, 50, 65, 300)
        ]
        assert weights[0] == weights[1] == pytest.approx(SHORT_ENGLISH)
        assert weights[-1] == ENGLISH
        assert all(first >= second for first, second in pairwise(weights))

    def test_a_question_of_no_telling_language_is_weighed_as_what_it_is_asked_of(self) -> None:
        halves = Corpus(200.0, {"en": 0.5, "es": 0.5})
        assert vector_weight(None, halves, is_unspaced=False, model=MODEL) == pytest.approx((ENGLISH + OTHER) / 2)

    def test_another_model_is_taken_to_know_every_language(self) -> None:
        assert vector_weight("de", LONG, is_unspaced=False, model="multilingual") == ENGLISH

    def test_nothing_known_of_the_passages(self) -> None:
        assert 0 < vector_weight(None, Corpus(0.0, {}), is_unspaced=False, model=MODEL) <= SHORT_ENGLISH


class TestCorpus:
    def test_rare_languages_do_not_count(self) -> None:
        assert Corpus(10.0, {"en": 0.01, "de": 0.69, "es": 0.30}).languages == ("de", "es")
