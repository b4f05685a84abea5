"""Questions for fitting the refusal model: passages with what they answer, and what nothing answers.

Two sources, neither of them `examples/`: XQuAD, where questions use the passage's words, and our own paraphrases, where people
ask in theirs.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

PARAPHRASES = Path(__file__).parent / "data" / "paraphrases.yaml"
XQUAD_LANGUAGES = ("en", "de", "es")


@dataclass(frozen=True)
class Question:
    """A question; `passage` is the index of the passage that answers it, None when none does."""

    text: str
    group: int
    passage: int | None


@dataclass(frozen=True)
class Corpus:
    """Passages of one language and the questions about them. A group (article, topic) is fitted on or measured, whole."""

    source: str
    language: str
    passages: tuple[str, ...]
    questions: tuple[Question, ...]


def xquad(folder: Path) -> Iterator[Corpus]:
    """XQuAD (CC BY-SA 4.0): 240 paragraphs of 48 articles; every fifth of 1,190 questions in each language."""
    for language in XQUAD_LANGUAGES:
        passages: list[str] = []
        questions: list[Question] = []
        for group, article in enumerate(json.loads((folder / f"xquad.{language}.json").read_text())["data"]):
            for paragraph in article["paragraphs"]:
                questions += [Question(qa["question"], group, len(passages)) for qa in paragraph["qas"]]
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
