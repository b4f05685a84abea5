"""Tests of telling encodings."""

import pytest

from ingestion.errors import ParseError
from ingestion.parsing.encoding import decode

RUSSIAN = "Все люди рождаются свободными и равными в своем достоинстве и правах."
JAPANESE = "すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である。"
CHINESE = "人人生而自由，在尊严和权利上一律平等。他们赋有理性和良心。"
TRADITIONAL = "人人生而自由，在尊嚴和權利上一律平等。他們賦有理性和良心。"
KOREAN = "모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다."
POLISH = "Wszyscy ludzie rodzą się wolni i równi pod względem swej godności i swych praw."
CZECH = "Všichni lidé rodí se svobodní a sobě rovní co do důstojnosti a práv."
GREEK = "Όλοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι στην αξιοπρέπεια και τα δικαιώματα."
GERMAN = "Alle Menschen sind frei und gleich an Würde und Rechten geboren. Größe: 10 €, „gut“."


class TestDecode:
    @pytest.mark.parametrize(
        ("text", "encoding"),
        [
            (RUSSIAN, "cp1251"),
            (RUSSIAN, "koi8-r"),
            (RUSSIAN, "cp866"),
            (RUSSIAN, "iso8859-5"),
            (JAPANESE, "shift_jis"),
            (JAPANESE, "euc-jp"),
            (JAPANESE, "iso-2022-jp"),
            (CHINESE, "gb18030"),
            (TRADITIONAL, "big5"),
            (KOREAN, "euc-kr"),
            (POLISH, "cp1250"),
            (POLISH, "iso8859-2"),
            (CZECH, "cp1250"),
            (GREEK, "cp1253"),
            (GERMAN, "cp1252"),
            ("Tous les êtres humains naissent libres et égaux en dignité.", "latin-1"),
            ("Bütün insanlar hür, haysiyet ve haklar bakımından eşit doğarlar.", "cp1254"),
            ("כל בני אדם נולדו בני חורין ושווים בערכם ובזכויותיהם.", "cp1255"),
            ("يولد جميع الناس أحرارا متساوين في الكرامة والحقوق.", "cp1256"),
            (JAPANESE, "utf-16"),
            ("Latin", "utf-32-le"),
            ("Latin", "utf-32-be"),
        ],
    )
    def test_reads(self, text: str, encoding: str) -> None:
        assert decode(text.encode(encoding))[0] == text

    @pytest.mark.parametrize(
        "text",
        [
            "Größe",
            "café",
            "naïve £5",
            "Año nuevo",
            "Ñandú señor",
            "© 2024 Acme",
            "10 °C ±2",
            "It’s “fine”",
            "N° 5 – 20 m²",
        ],
    )
    def test_short_western_texts_are_not_misread(self, text: str) -> None:
        assert decode(text.encode("cp1252")) == (text, "cp1252")

    @pytest.mark.parametrize(
        ("text", "encoding"), [("Привет", "koi8-r"), ("日本語", "shift_jis"), ("中文", "gb18030"), ("한국어", "euc-kr")]
    )
    def test_single_words(self, text: str, encoding: str) -> None:
        assert decode(text.encode(encoding))[0] == text

    def test_utf8_wins_over_what_is_declared(self) -> None:
        assert decode("Größe".encode(), declared="iso-8859-1") == ("Größe", "utf-8")

    def test_what_is_declared_wins_over_a_guess(self) -> None:
        assert decode("k\u00f6".encode("cp1250"), declared="windows-1251") == ("kц", "cp1251")

    @pytest.mark.parametrize("declared", ["utf-8", "hex", "no-such-encoding", "utf-16"])
    def test_wrong_declarations_do_no_harm(self, declared: str) -> None:
        assert decode("Größe und Länge".encode("cp1252"), declared=declared) == ("Größe und Länge", "cp1252")

    def test_utf8_with_a_broken_byte_stays_utf8(self) -> None:
        data = (POLISH * 5).encode() + b"\xff."

        assert decode(data) == (POLISH * 5 + "\ufffd.", "utf-8")

    @pytest.mark.parametrize("encoding", ["cp1251", "koi8-r", "cp1252"])
    def test_letters_that_come_late_are_found(self, encoding: str) -> None:
        text = "Plain words.\n" * 40_000 + (GERMAN if encoding == "cp1252" else RUSSIAN)

        assert decode(text.encode(encoding))[0] == text

    def test_a_cut_wide_text_is_damaged(self) -> None:
        with pytest.raises(ParseError, match="UTF-16"):
            decode("text".encode("utf-16")[:-1])
