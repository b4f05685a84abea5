"""Terms of passages and questions."""

import pytest

from storage.analysis.analyzer import MOST_QUERY_WORDS, is_unspaced, passage_terms, query_terms, terms_key


def finds(question: str, passage: str, *, asked_in: str | None, written_in: str | None) -> bool:
    """Whether a question shares a term with a passage."""
    terms = query_terms(question, languages=(asked_in,) if asked_in else ())
    return bool({*terms.whole, *terms.parts} & set(passage_terms((), passage, written_in).split()))


class TestWhatFindsWhat:
    @pytest.mark.parametrize(
        ("question", "passage", "asked_in", "written_in"),
        [
            ("warranties", "The warranty lasts 24 months.", "en", "en"),
            ("CAFÉ", "two cafes", "en", "en"),
            ("cafe", "Le café est ouvert.", "fr", "fr"),
            ("company", "the company’s car", "en", "en"),
            ("Frist", "Die Kündigungsfrist beträgt drei Monate.", "de", "de"),
            ("Kündigungsfrist", "die Frist für eine Kündigung", "de", "de"),
            ("werknemer", "de werknemersverzekering", "nl", "nl"),
            ("北京", "我爱北京天安门", None, None),
            ("京", "我爱北京天安门", None, None),
            ("ประเทศ", "ประเทศไทยสวยงาม", None, None),
            ("東京", "東京は日本の首都です", None, None),
            ("हिन्दी", "मैं हिन्दी बोलता हूँ", None, None),
            ("machine", "a short row of machines", "en", None),
            ("Ｋ５", "the K5 grinder", None, "en"),
        ],
    )
    def test_found(self, question: str, passage: str, asked_in: str | None, written_in: str | None) -> None:
        assert finds(question, passage, asked_in=asked_in, written_in=written_in)

    @pytest.mark.parametrize(("question", "passage"), [("上海", "我爱北京天安门"), ("grinder", "the K5 machine")])
    def test_not_found(self, question: str, passage: str) -> None:
        assert not finds(question, passage, asked_in="en", written_in="en")


class TestPassageTerms:
    def test_headings_are_searched_too(self) -> None:
        assert passage_terms(("Warranty", "Grinders"), "24 months", "en") == "warranti grinder 24 month"

    def test_nothing_gives_nothing(self) -> None:
        assert passage_terms((), " \n —…", "en") == ""

    def test_marks_stay_on_their_letters(self) -> None:
        assert passage_terms((), "हिन्दी में", None) == "हिन्दी में"

    def test_the_key_changes_with_the_language(self) -> None:
        assert terms_key("de") != terms_key("en") != terms_key(None)


class TestQueryTerms:
    def test_stop_words_are_left_out_unless_nothing_else_is_left(self) -> None:
        assert query_terms("what is the warranty", languages=("en",), stop_words={"what", "is", "the"}).whole == (
            "warranti",
        )
        assert query_terms("the who", languages=("en",), stop_words={"the", "who"}).whole == ("the", "who")

    def test_every_language_that_it_may_be_in_is_looked_up(self) -> None:
        assert set(query_terms("condiciones", languages=("en", "es")).whole) == {"condicion"}
        assert set(query_terms("Kündigungen", languages=("en", "de")).whole) == {"kundigungen", "kundig"}

    def test_a_long_question_is_bounded(self) -> None:
        many = " ".join(f"word{number}" for number in range(1000))
        assert query_terms(many, languages=("en",)).words == MOST_QUERY_WORDS

    def test_parts_are_for_languages_with_compounds(self) -> None:
        assert query_terms("Kündigungsfrist", languages=("en",)).parts == ()
        assert "~frist" in query_terms("Kündigungsfrist", languages=("de",)).parts


class TestIsUnspaced:
    @pytest.mark.parametrize(
        ("text", "expected"), [("退货政策是什么", True), ("refund 政策", False), ("", False), ("abc", False)]
    )
    def test_by_most_of_the_letters(self, text: str, expected: bool) -> None:
        assert is_unspaced(text) is expected
