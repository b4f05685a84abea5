"""Tests of the likeness of texts by their wording."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.minhash import PLACES, signature, similar_pairs, similarity

chance = random.Random(7)  # noqa: S311 - no secret
VOCABULARY = ["".join(chance.choices("abcdefghij", k=6)) for _ in range(500)]
TEXT = " ".join(chance.choices(VOCABULARY, k=2000))


def changed(text: str, share: float) -> str:
    """The text with every so many words replaced."""
    other = random.Random(1)  # noqa: S311 - no secret
    return " ".join(other.choice(VOCABULARY) if other.random() < share else word for word in text.split())


def jaccard(one: str, other: str) -> float:
    a, b = ({tuple(words[n : n + 5]) for n in range(len(words) - 4)} for words in (one.split(), other.split()))
    return len(a & b) / len(a | b)


class TestSignature:
    def test_case_punctuation_and_layout_do_not_matter(self) -> None:
        one = "The warranty lasts two years. Returns are free!"

        assert signature(one) == signature("the WARRANTY lasts\n\ntwo years - returns are free")
        assert len(signature(one)) == 4 * PLACES

    @pytest.mark.parametrize("text", ["", "  \n", "!!!"])
    def test_a_text_without_words_is_like_no_other(self, text: str) -> None:
        assert signature(text) == b""
        assert similarity(signature(text), signature(text)) == 0

    def test_is_the_same_for_good(self) -> None:
        assert signature("The warranty lasts two years.").hex()[:16] == "b2dc0856714644f9"

    @given(st.text(max_size=200))
    def test_any_text(self, text: str) -> None:
        assert similarity(signature(text), signature(text)) in (0.0, 1.0)


class TestSimilarity:
    @pytest.mark.parametrize("share", [0.0, 0.02, 0.05, 0.2, 0.5, 1.0])
    def test_estimates_the_jaccard_similarity_of_shingles(self, share: float) -> None:
        other = changed(TEXT, share)

        assert similarity(signature(TEXT), signature(other)) == pytest.approx(jaccard(TEXT, other), abs=0.13)

    def test_works_without_blanks_between_words(self) -> None:
        text = "磨豆机的保修期为六十个月退货免费请保留收据并在三十天内联系我们的客服部门以便处理您的申请"

        assert similarity(signature(text), signature(text + "谢谢")) > 0.7
        assert (
            similarity(signature(text), signature("完全不同的内容这里没有任何关于咖啡机的信息只是一段别的文字而已"))
            < 0.1
        )


class TestSimilarPairs:
    def test_finds_each_pair_once_and_no_other(self) -> None:
        texts = {"a": TEXT, "a2": changed(TEXT, 0.01), "b": changed(TEXT, 1.0), "empty": ""}

        ((one, other, share),) = similar_pairs({k: signature(v) for k, v in texts.items()}, at_least=0.8)

        assert {one, other} == {"a", "a2"}
        assert share > 0.8
