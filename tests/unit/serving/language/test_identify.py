"""Tests of naming a text's language."""

import pytest

from serving.language.identify import all_stop_words, identify, stop_words


class TestIdentify:
    @pytest.mark.parametrize(
        ("text", "language"),
        [
            ("How long is the warranty?", "en"),
            ("WHERE IS THE SPARE KEY?", "en"),
            ("Wie lange gilt die Garantie?", "de"),
            ("¿Cuánto tiempo dura la garantía?", "es"),
            ("Combien de temps dure la garantie ?", "fr"),
        ],
    )
    def test_names_it(self, text: str, language: str) -> None:
        assert identify(text) == language

    @pytest.mark.parametrize("text", ["", "K5 2024", "保修期多长", "Warranty Garantie", "???", "a" * 100_000])
    def test_abstains_when_the_words_do_not_say(self, text: str) -> None:
        assert identify(text) is None


class TestStopWords:
    def test_each_language_has_some_and_together_they_are_all(self) -> None:
        listed = stop_words()
        assert {"en", "de", "es", "fr"} <= set(listed)
        assert all(len(words) > 40 for words in listed.values())
        assert all_stop_words() == frozenset().union(*listed.values())

    def test_they_are_in_the_case_that_they_are_compared_in(self) -> None:
        assert all(word == word.casefold() for word in all_stop_words())
