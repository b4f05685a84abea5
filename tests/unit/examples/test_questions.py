from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
import yaml

from scripts.examples.render import DOCUMENTS, ROOT
from tests.unit.examples.reading import has_text_layer, normalise, read_example

QUESTIONS: list[dict[str, Any]] = yaml.safe_load((ROOT / "examples" / "questions.yaml").read_text(encoding="utf-8"))
ANSWERABLE = [question for question in QUESTIONS if question["answerable"]]
UNANSWERABLE = [question for question in QUESTIONS if not question["answerable"]]


def _id(question: dict[str, Any]) -> str:
    return str(question["id"])


class TestQuestionSet:
    def test_has_fifty_answerable_and_ten_unanswerable_questions(self) -> None:
        assert (len(ANSWERABLE), len(UNANSWERABLE)) == (50, 10)

    def test_ids_and_questions_are_unique(self) -> None:
        assert len({question["id"] for question in QUESTIONS}) == 60
        assert len({question["question"] for question in QUESTIONS}) == 60

    def test_every_question_has_the_same_keys(self) -> None:
        keys = {"id", "question", "language", "answerable", "document", "answer"}
        assert all(set(question) == keys for question in QUESTIONS)

    def test_asks_in_german_and_spanish_too(self) -> None:
        answerable = Counter(question["language"] for question in ANSWERABLE)
        unanswerable = Counter(question["language"] for question in UNANSWERABLE)
        assert answerable["de"] >= 6
        assert answerable["es"] >= 6
        assert {"en", "de", "es"} == set(unanswerable) == set(answerable)

    def test_asks_about_every_document(self) -> None:
        asked = {question["document"] for question in ANSWERABLE}
        assert asked == {path.name for path in DOCUMENTS.iterdir()}

    def test_asks_about_pages_that_are_pictures(self) -> None:
        pictures = [question for question in ANSWERABLE if not has_text_layer(DOCUMENTS / question["document"])]
        assert len(pictures) >= 3


class TestAnswers:
    @pytest.mark.parametrize("question", ANSWERABLE, ids=_id)
    def test_span_stands_in_the_document(self, question: dict[str, Any]) -> None:
        assert normalise(question["answer"]) in read_example(question["document"])

    @pytest.mark.parametrize("question", ANSWERABLE, ids=_id)
    def test_question_does_not_quote_its_answer(self, question: dict[str, Any]) -> None:
        assert question["answer"].lower() not in question["question"].lower()

    @pytest.mark.parametrize("question", UNANSWERABLE, ids=_id)
    def test_unanswerable_question_names_no_document(self, question: dict[str, Any]) -> None:
        assert question["document"] is None
        assert question["answer"] is None
