"""Tests of words that carry no meaning."""

from serving.language.stop_words import LANGUAGES, all_stop_words, stop_words


class TestStopWords:
    def test_each_language_has_some_and_together_they_are_all(self) -> None:
        listed = stop_words()
        assert tuple(listed) == LANGUAGES
        assert all(len(words) > 40 for words in listed.values())
        assert all_stop_words() == frozenset().union(*listed.values())

    def test_they_are_in_the_case_that_they_are_compared_in(self) -> None:
        assert all(word == word.casefold() for word in all_stop_words())

    def test_a_language_that_nothing_was_fitted_with_takes_no_word_away(self) -> None:
        assert "przez" not in all_stop_words()
