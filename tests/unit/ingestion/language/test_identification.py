"""Tests of naming the language of what people type."""

import pytest
from pydantic import ValidationError

from ingestion.language.identification import identify_language
from ingestion.language.settings import LanguageSettings


class TestIdentifyLanguage:
    @pytest.mark.parametrize(
        ("text", "language"),
        [
            ("How long is the warranty?", "en"),
            ("WHERE IS THE SPARE KEY?", "en"),
            ("Wie lange gilt die Garantie?", "de"),
            ("¿Cuánto tiempo dura la garantía?", "es"),
            ("Bonjour, où est ma commande ?", "fr"),
            ("Dov'è il mio ordine? Non è ancora arrivato.", "it"),
            ("Onde está o meu pedido? Ainda não chegou.", "pt"),
            ("Waar is mijn bestelling? Die is nog niet aangekomen.", "nl"),
            ("保修期多长", "zh"),
            ("Sky+HD使用的专有系统是什么？", "zh"),
            ("保証期間はどのくらいですか", "ja"),
            ("Где мой заказ?", "ru"),
            ("Πού είναι η παραγγελία μου;", "el"),
            ("การรับประกันนานแค่ไหน", "th"),
            ("Where is order 4711 from https://example.com/wo-ist-es?", "en"),
        ],
    )
    def test_names_it(self, text: str, language: str) -> None:
        found = identify_language(text)
        assert found.language == language
        assert found.confidence > 0.5

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "ok",
            "?",
            "12345",
            "K5 2024",
            "😀😀😀",
            "Warranty Garantie",
            "Where is the bank? Wo ist die Bank?",
            "def f(x): return x+1",
            "SELECT * FROM users",
            "for (int i=0;i<3;i++){",
            "```\nwhere is the key in this dict\n```",
            "ada@example.com https://example.com",
            "a" * 100_000,
        ],
    )
    def test_abstains(self, text: str) -> None:
        assert identify_language(text).language is None


class TestSettings:
    @pytest.mark.parametrize("languages", ["", "en", "en,xx", "en,english"])
    def test_languages_that_cannot_be_told_apart_are_refused_by_name(self, languages: str) -> None:
        with pytest.raises(ValidationError, match="PIXEL_LANGUAGE_LANGUAGES is"):
            LanguageSettings(_env_file=None, languages=languages)

    def test_codes_are_read_in_any_case_and_once(self) -> None:
        assert LanguageSettings(_env_file=None, languages="EN, de,en").codes == ("en", "de")
