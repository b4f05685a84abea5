"""Reading questions from a file."""

from pathlib import Path

import pytest

from evals.datasets.questions import load_questions
from evals.errors import DatasetError
from evals.settings import EXAMPLE_QUESTIONS

ANSWERABLE = "- {id: q1, question: What, language: en, answerable: true, document: a.md, answer: yes it is}\n"
OTHER = "- {id: q2, question: Why, language: de, answerable: false, document: null, answer: null}\n"


def _write(folder: Path, text: str) -> Path:
    path = folder / "set.yaml"
    path.write_text(text)
    return path


class TestLoadQuestions:
    def test_reads_the_examples(self) -> None:
        dataset = load_questions(EXAMPLE_QUESTIONS)
        assert dataset.name == "questions"
        assert sum(not sample.is_answerable for sample in dataset.samples) == 10
        assert "returns-policy.md" in dataset.documents

    def test_hash_is_of_what_is_said_not_of_the_layout(self, tmp_path: Path) -> None:
        first = load_questions(_write(tmp_path, ANSWERABLE + OTHER)).content_hash
        assert load_questions(_write(tmp_path, "# a remark\n" + ANSWERABLE + "\n" + OTHER)).content_hash == first
        assert load_questions(_write(tmp_path, ANSWERABLE)).content_hash != first

    def test_missing_file(self, tmp_path: Path) -> None:
        with pytest.raises(DatasetError, match=r"none\.yaml: No such file"):
            load_questions(tmp_path / "none.yaml")

    def test_not_yaml(self, tmp_path: Path) -> None:
        with pytest.raises(DatasetError, match="is not YAML"):
            load_questions(_write(tmp_path, "- {id: [}"))

    def test_answerable_without_an_answer_names_the_entry(self, tmp_path: Path) -> None:
        with pytest.raises(DatasetError, match=r"1: .*names `document` and `answer`"):
            load_questions(_write(tmp_path, ANSWERABLE + OTHER.replace("false", "true")))

    def test_same_identifier_twice(self, tmp_path: Path) -> None:
        with pytest.raises(DatasetError, match="appear twice: q1"):
            load_questions(_write(tmp_path, ANSWERABLE + ANSWERABLE))
