"""Tests of making a question ready for both searches."""

import pytest

from serving.retrieval.query import prepare
from serving.retrieval.weights import Corpus

ENGLISH = Corpus(100.0, {"en": 1.0})
MIXED = Corpus(100.0, {"en": 0.6, "de": 0.4})
UNKNOWN = Corpus(15.0, {})


class TestPrepare:
    def test_a_question_is_looked_up_in_its_own_language(self) -> None:
        found = prepare("Welche Lieferungen gelten für die Häuser?", MIXED)
        assert found.language == "de"
        assert found.terms.whole == ("liefer", "gelt", "haus")

    @pytest.mark.parametrize("corpus", [ENGLISH, UNKNOWN])
    def test_in_a_language_that_no_passage_is_in_words_are_looked_up_as_passages_have_them(
        self, corpus: Corpus
    ) -> None:
        found = prepare("Où sont mes Deliveries de la commande ?", corpus)
        assert found.language == "fr"
        assert "deliveri" in found.terms.whole

    def test_what_tells_no_language_is_looked_up_in_those_of_the_passages(self) -> None:
        found = prepare("K5 4711", MIXED)
        assert found.language is None
        assert "k5" in found.terms.whole
