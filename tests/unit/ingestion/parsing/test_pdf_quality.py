"""Tests of telling words from noise."""

import pytest

from ingestion.parsing.pdf_quality import is_garbage


class TestIsGarbage:
    @pytest.mark.parametrize(
        "text",
        [
            "",
            "The pump of the north station was replaced in spring and has run without a fault since then.",
            "200.01 1 400.01 3 600.01 5 800.01 7 1000.01 9 1200.01 11 1400.01 13 1600.01 15 1800.01 17 2000.01",
            "Contents .................. 3\nPumps .................. 14\nValves .................. 27\nLamps ........ 31",
            "재해보험금 지급문제 및 개선과제 코로나-19 관련 보험약관상 국내 확진자는 9,661명, 사망자는 158명으로 나타났다",
            "شرکت بورس کالای ايران اميدنامه پذيرش در بازار اصلی کالای داخلی استاندارد کالا شماره استاندارد ملی",
        ],
    )
    def test_words_and_numbers_are_none(self, text: str) -> None:
        assert not is_garbage(text)

    @pytest.mark.parametrize(
        "text",
        [
            "\ufffd\ufffd\ufffd a \ufffd\ufffd",
            "\ue001\ue002\ue003\ue004 \ue005",
            "!\"#$ %&'( )*+, -./: ;<=> ?@[\\ ]^_` {|}~ !\"#$ %&'( )*+, -./: ;<=> ?@[\\ ]^_` {|}~ !\"#$ %&'(",
            "Wkh sxps rg wkh qrwk vwwlrq zv rsplcd ln sprng nd hs rn wthwt flt snc thn vry mnth prsn rds mtr nd wrts nmbr whn prssr flls blw tw br scnd pmp strts lmp lghts",
        ],
    )
    def test_glyph_numbers_and_noise_are(self, text: str) -> None:
        assert is_garbage(text)
