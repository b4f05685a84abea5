"""Tests of what kind of answer a question asks for."""

import pytest

from serving.inference.question_type import AnswerKind, answer_kind, fits


class TestAnswerKind:
    @pytest.mark.parametrize(
        ("question", "kind"),
        [
            ("How many days do I have?", AnswerKind.FIGURE),
            ("What price is it?", AnswerKind.FIGURE),
            ("Wie lange gilt die Garantie?", AnswerKind.FIGURE),
            ("¿Cuánto cuesta el molino?", AnswerKind.FIGURE),
            ("When does the shop open?", AnswerKind.TIME),
            ("Wann öffnet der Laden?", AnswerKind.TIME),
            ("¿Cuándo abre la tienda?", AnswerKind.TIME),
            ("Who may return a machine?", None),
            ("", None),
        ],
    )
    def test_goes_by_the_words(self, question: str, kind: AnswerKind | None) -> None:
        assert answer_kind(question) is kind


class TestFits:
    @pytest.mark.parametrize(
        ("kind", "sentence", "expected"),
        [
            (None, "Anything at all.", 0.0),
            (AnswerKind.FIGURE, "It lasts 36 months.", 1.0),
            (AnswerKind.FIGURE, "It lasts three years.", 1.0),
            (AnswerKind.FIGURE, "It is a fine machine.", -1.0),
            (AnswerKind.TIME, "The shop opens on Mondays.", 1.0),
            (AnswerKind.TIME, "Der Laden öffnet montags.", 1.0),
            (AnswerKind.TIME, "It is a fine machine.", -1.0),
        ],
    )
    def test_says_whether_the_sentence_holds_one(self, kind: AnswerKind | None, sentence: str, expected: float) -> None:
        assert fits(kind, sentence) == expected
