"""What each scorer passes and fails."""

from evals.scorers.cited_document import cited_document
from evals.scorers.contains_answer import contains_answer
from evals.scorers.refused import refused
from evals.scorers.right_document_at_5 import right_document_at_5
from tests.factories.evals import make_observation, make_sample, make_unanswerable


class TestRightDocumentAt5:
    def test_passages_of_one_document_count_once(self) -> None:
        retrieved = ("a.md", "a.md", "b.md", "c.md", "d.md", "returns.md")
        assert right_document_at_5(make_sample(), make_observation(retrieved=retrieved))

    def test_sixth_document_is_too_late(self) -> None:
        retrieved = ("a.md", "b.md", "c.md", "d.md", "e.md", "returns.md")
        assert not right_document_at_5(make_sample(), make_observation(retrieved=retrieved))


class TestCitedDocument:
    def test_retrieved_but_not_cited_fails(self) -> None:
        assert not cited_document(make_sample(), make_observation(cited=frozenset({"faq.md"})))

    def test_cited_passes(self) -> None:
        assert cited_document(make_sample(), make_observation())


class TestContainsAnswer:
    def test_case_and_white_space_do_not_matter(self) -> None:
        assert contains_answer(make_sample(), make_observation(text="Refunds come WITHIN\n ten  days"))

    def test_a_quote_counts(self) -> None:
        assert contains_answer(make_sample(), make_observation(text="See [1].", quotes=("It is within ten days.",)))

    def test_another_answer_fails(self) -> None:
        assert not contains_answer(make_sample(), make_observation(text="Within twelve days."))

    def test_a_refusal_fails_even_when_it_quotes(self) -> None:
        assert not contains_answer(make_sample(), make_observation(is_refused=True))

    def test_an_unanswerable_question_has_nothing_to_contain(self) -> None:
        assert not contains_answer(make_unanswerable(), make_observation())


class TestRefused:
    def test_says_what_the_bot_did(self) -> None:
        assert refused(make_unanswerable(), make_observation(is_refused=True))
        assert not refused(make_unanswerable(), make_observation())
