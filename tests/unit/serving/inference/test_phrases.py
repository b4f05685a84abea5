"""Tests of sentences of our own."""

from string import Formatter

import pytest

from serving.inference.phrases import _phrases, phrase, spoken


class TestPhrase:
    @pytest.mark.parametrize("name", sorted(_phrases()))
    def test_every_sentence_is_in_every_language_with_the_same_places_to_fill(self, name: str) -> None:
        told = _phrases()[name]
        assert set(told) == set(_phrases()["refusal"])
        places = {frozenset(field for _, field, _, _ in Formatter().parse(text) if field) for text in told.values()}
        assert len(places) == 1

    @pytest.mark.parametrize(("language", "expected"), [("de", "de"), ("ja", "en"), (None, "en")])
    def test_what_we_do_not_speak_is_english(self, language: str | None, expected: str) -> None:
        assert spoken(language) == expected
        assert phrase("refusal", language) == phrase("refusal", expected)
