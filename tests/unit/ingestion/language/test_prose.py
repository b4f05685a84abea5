"""Tests of naming the language of long texts."""

import pytest

from ingestion.language.identification import identify_prose

TEXTS = {
    "en": "The warranty of this printer is valid for two years and it covers all parts which are not consumed by the user.",
    "de": "Die Garantie für diesen Drucker gilt zwei Jahre und umfasst alle Teile, die nicht von dem Benutzer verbraucht werden können.",
    "fr": "La garantie de cette imprimante est valable deux ans et couvre toutes les pièces qui ne sont pas consommées par vous.",
    "es": "La garantía de esta impresora es válida por dos años y cubre todas las piezas que no son consumidas por el usuario.",
}


class TestIdentifyProse:
    @pytest.mark.parametrize("language", list(TEXTS))
    def test_knows(self, language: str) -> None:
        assert identify_prose(TEXTS[language]) == language

    @pytest.mark.parametrize(
        "text", ["", "Short text", "4711 " * 50, "lorem dolor amet " * 20, "日本語の文章です。" * 20]
    )
    def test_abstains(self, text: str) -> None:
        assert identify_prose(text) is None
