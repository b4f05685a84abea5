"""Tests of the score of what was read."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.quality import Quality, far_worse, quality_of
from storage.records.parsed_document import Block, BlockKind, PageSpan, ParsedDocument

GOOD = "The warranty of the grinder lasts sixty months from the day of delivery, and returns are free. "
TABLE = "| a | b |\n|---|---|\n| 1 | 2 |"


def document(*pages: str, missing: int = 0, tables: int = 0, confidence: float | None = None) -> ParsedDocument:
    text, spans = "", []
    for number, page in enumerate(pages, start=1):
        spans.append(
            PageSpan(number=number, char_start=len(text), char_end=len(text) + len(page), ocr_confidence=confidence)
        )
        text += page
    blocks = tuple(Block(kind=BlockKind.TABLE, char_start=0, char_end=1) for _ in range(tables))
    reasons = {str(len(pages) + n): "A picture that could not be read." for n in range(1, missing + 1)}
    return ParsedDocument(text=text, pages=tuple(spans), blocks=blocks, missing_pages=reasons)


def scrambled(text: str) -> str:
    """Letters of a font whose table of characters is wrong: every vowel reads as a consonant."""
    return text.translate(str.maketrans("aeiouy", "xzqkvw"))


class TestQualityOf:
    @pytest.mark.parametrize(
        "text",
        [
            GOOD * 5,
            "Die Gewährleistung für das Mahlwerk gilt vierundzwanzig Monate ab Lieferung der Maschine.",
            "La garantía del molinillo dura veinticuatro meses desde la entrega.",
            "Гарантия на кофемолку действует шестьдесят месяцев.",
            "磨豆机的保修期为六十个月，退货免费。",
            "الضمان لمدة ستين شهرا من يوم التسليم",
            TABLE,
        ],
    )
    def test_text_in_any_language_reads_well(self, text: str) -> None:
        assert quality_of(document(text)).score > 0.9

    def test_a_broken_table_of_characters_does_not(self) -> None:
        assert quality_of(document(scrambled(GOOD * 5))).score < 0.3

    def test_replaced_characters_weigh_heavily(self) -> None:
        noise = "".join("�" if n % 10 == 0 else c for n, c in enumerate(GOOD * 5))

        assert quality_of(document(noise)).score == 0

    def test_confidence_of_ocr_lowers_it(self) -> None:
        sure, unsure = quality_of(document(GOOD, confidence=95)), quality_of(document(GOOD, confidence=40))

        assert sure.score == pytest.approx(0.95, abs=0.01)
        assert unsure.score == pytest.approx(0.40, abs=0.01)

    def test_missing_pages_count_as_nothing_and_blank_ones_not_at_all(self) -> None:
        assert quality_of(document(GOOD, "", GOOD)).score == 1
        assert quality_of(document(GOOD, missing=1)).score == 0.5

    def test_a_document_without_pages_is_one(self) -> None:
        (page,) = quality_of(ParsedDocument(text=GOOD)).pages

        assert (page.number, page.score) == (1, 1)

    @given(st.text(max_size=300))
    def test_is_a_share_whatever_the_text(self, text: str) -> None:
        assert 0 <= quality_of(document(text)).score <= 1


class TestFarWorse:
    def test_the_same_again_is_not(self) -> None:
        assert far_worse(quality(GOOD, GOOD), quality(GOOD, GOOD)) is None

    def test_a_shorter_document_is_not(self) -> None:
        assert far_worse(quality(GOOD), quality(*[GOOD] * 9)) is None

    def test_a_broken_font_is(self) -> None:
        reason = far_worse(quality(scrambled(GOOD), scrambled(GOOD)), quality(GOOD, GOOD))

        assert reason is not None
        assert "quality 0." in reason

    def test_pages_that_went_missing_are(self) -> None:
        new = quality_of(document(GOOD, missing=3))

        assert far_worse(new, quality(*[GOOD] * 4)) is not None

    def test_pages_that_say_far_less_are(self) -> None:
        reason = far_worse(quality("Only this.", "And this."), quality(GOOD * 9, GOOD * 9))

        assert reason is not None
        assert "characters each" in reason

    def test_lost_tables_are(self) -> None:
        reason = far_worse(quality(GOOD, GOOD), quality_of(document(GOOD, GOOD, tables=4)))

        assert reason is not None
        assert "4 tables" in reason

    def test_small_changes_never_are(self) -> None:
        words = GOOD.split()
        chance = random.Random(1)  # noqa: S311 - no secret
        for _ in range(50):
            edited = " ".join(word for word in words if chance.random() > 0.2)
            assert far_worse(quality(edited or "x"), quality(GOOD)) is None


def quality(*pages: str) -> Quality:
    return quality_of(document(*pages))
