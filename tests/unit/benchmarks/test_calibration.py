"""The question sets that measure when to refuse: what they mark as an answer is there."""

import pytest

from benchmarks.calibration import Corpus, headed, paraphrases


@pytest.mark.parametrize("corpus", list(headed()), ids=lambda corpus: corpus.language)
class TestHeaded:
    def test_every_marked_answer_is_in_its_passage(self, corpus: Corpus) -> None:
        answered = [question for question in corpus.questions if question.passage is not None]
        assert answered
        for question in answered:
            assert question.answers
            assert all(answer in corpus.passages[question.passage or 0] for answer in question.answers), question.text

    def test_every_passage_has_its_page_and_heading(self, corpus: Corpus) -> None:
        assert len({corpus.heading_path(n) for n in range(len(corpus.passages))}) == len(corpus.passages)
        assert all(len(corpus.heading_path(n)) == 2 for n in range(len(corpus.passages)))

    def test_some_questions_have_no_answer_and_nothing_is_fitted_on_it(self, corpus: Corpus) -> None:
        assert any(question.passage is None for question in corpus.questions)
        assert not corpus.is_fitted_on


def test_paraphrases_are_fitted_on_and_have_no_headings() -> None:
    for corpus in paraphrases():
        assert corpus.is_fitted_on
        assert corpus.heading_path(0) == ()
