"""Questions for fitting the refusal model: passages with what they answer, and what nothing answers.

Three sources, none of them `examples/`: XQuAD, where questions use the passage's words; our own paraphrases, where people ask in
theirs; and pages cut at their headings, which only measure: nothing is fitted on them.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

PARAPHRASES = Path(__file__).parent / "data" / "paraphrases.yaml"
HEADED = Path(__file__).parent / "data" / "headed.yaml"
XQUAD_LANGUAGES = ("en", "de", "es")


@dataclass(frozen=True)
class Question:
    """A question; `passage` is the index of the passage that answers it, None when none does; `answers` where marked."""

    text: str
    group: int
    passage: int | None
    answers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Corpus:
    """Passages of one language and the questions about them. A group (article, topic) is fitted on or measured, whole."""

    source: str
    language: str
    passages: tuple[str, ...]
    questions: tuple[Question, ...]
    headings: tuple[tuple[str, ...], ...] = ()
    is_fitted_on: bool = True

    def heading_path(self, passage: int) -> tuple[str, ...]:
        """The headings above a passage, outermost first."""
        return self.headings[passage] if self.headings else ()


def xquad(folder: Path) -> Iterator[Corpus]:
    """XQuAD (CC BY-SA 4.0): 240 paragraphs of 48 articles; every fifth of 1,190 questions in each language."""
    for language in XQUAD_LANGUAGES:
        passages: list[str] = []
        questions: list[Question] = []
        for group, article in enumerate(json.loads((folder / f"xquad.{language}.json").read_text())["data"]):
            for paragraph in article["paragraphs"]:
                questions += [
                    Question(qa["question"], group, len(passages), tuple(a["text"] for a in qa["answers"]))
                    for qa in paragraph["qas"]
                ]
                passages.append(paragraph["context"])
        # A fifth fits five weights as well as the whole, in a fifth of the time.
        yield Corpus("xquad", language, tuple(passages), tuple(questions[::5]))


def paraphrases(path: Path = PARAPHRASES) -> Iterator[Corpus]:
    """Our own passages with questions in other words, and questions that the topic does not answer."""
    topics = yaml.safe_load(path.read_text())
    for language in dict.fromkeys(topic["language"] for topic in topics):
        passages: list[str] = []
        questions: list[Question] = []
        mine = [topic for topic in topics if topic["language"] == language]
        for group, topic in enumerate(mine):
            for entry in topic["passages"]:
                questions += [Question(text, group, len(passages)) for text in entry["questions"]]
                passages.append(entry["text"].strip())
            questions += [Question(text, group, None) for text in topic["unanswerable"]]
        yield Corpus("paraphrases", language, tuple(passages), tuple(questions))


def headed(path: Path = HEADED) -> Iterator[Corpus]:
    """Our own pages, a passage under each heading, with questions that name what the heading names."""
    pages = yaml.safe_load(path.read_text())
    for language in dict.fromkeys(page["language"] for page in pages):
        passages: list[str] = []
        headings: list[tuple[str, ...]] = []
        questions: list[Question] = []
        for group, page in enumerate(page for page in pages if page["language"] == language):
            for entry in page["passages"]:
                questions += [
                    Question(asked["text"], group, len(passages), tuple(asked["answers"]))
                    for asked in entry["questions"]
                ]
                passages.append(entry["text"].strip())
                headings.append((page["title"], entry["heading"]))
            questions += [Question(text, group, None) for text in page["unanswerable"]]
        yield Corpus("headed", language, tuple(passages), tuple(questions), tuple(headings), is_fitted_on=False)
