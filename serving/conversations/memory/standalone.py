"""A question that leans on earlier ones, said so that it stands alone: by rules on words, the topic chosen by meaning."""

import enum
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ingestion.embedding.embedder import Embedder
from serving.conversations.memory.follow_ups import FollowUp, Leaning, follow_up, named_words
from serving.conversations.memory.topics import closest

MOST_QUESTIONS = 6
_MOST_SUBJECT_WORDS = 6
_CODE = re.compile(r"(?=\w*\d)(?=\w*[^\W\d_])\w+")
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_SENTENCE = re.compile(r"[^.!?]+[.!?]*")
_ENDS = " ?!.¿¡"


class RewriteMethod(enum.StrEnum):
    """Who rewrote a question."""

    NONE = "none"
    RULES = "rules"
    MODEL = "model"


@dataclass(frozen=True)
class Standalone:
    """A question as it is searched for. `about` is the earlier question that it leans on."""

    question: str
    method: RewriteMethod = RewriteMethod.NONE
    leaning: str | None = None
    about: str | None = None

    @property
    def is_rewritten(self) -> bool:
        """Whether it says more than what was typed."""
        return self.method is not RewriteMethod.NONE

    def as_json(self) -> dict[str, Any]:
        """For receipts; the question itself has a column there."""
        return {"method": self.method.value, "leaning": self.leaning}


def standalone(question: str, questions: Sequence[str], *, embedder: Embedder) -> Standalone:
    """The question so that it stands alone; as it is when it does so already or nothing was asked before.

    Args:
        question: What was typed.
        questions: What was asked before, oldest first; the last six are looked at.
        embedder: Gives the meaning by which one of several topics is chosen.
    """
    earlier: list[str] = []
    for one in [*questions[-MOST_QUESTIONS:], question]:
        found = _rewritten(one, earlier, embedder)
        earlier.append(found.question)
    return found


def _rewritten(question: str, earlier: Sequence[str], embedder: Embedder) -> Standalone:
    leaning = follow_up(question, before=earlier[-1]) if earlier else None
    if leaning is None:
        return Standalone(question)
    # Without a word that names something there is no meaning to choose by: the last topic is meant.
    is_last = leaning.leaning in (Leaning.BARE, Leaning.PRONOUN) and len(earlier) < 2
    about = earlier[-1] if is_last else earlier[closest(leaning.rest, earlier, embedder=embedder)]
    return Standalone(_joined(leaning, about), RewriteMethod.RULES, leaning.leaning.value, about)


def _joined(leaning: FollowUp, about: str) -> str:
    asked = _last_sentence(about)
    if leaning.leaning is Leaning.ELLIPSIS:
        return _exchanged(leaning, asked) or f"{asked.strip(_ENDS)}, {leaning.rest.strip(_ENDS)}?"
    if leaning.leaning is Leaning.BARE:
        return f"{leaning.rest.strip(_ENDS)}: {asked.strip(_ENDS)}?"
    subject = _subject(about, leaning.language, without=leaning.rest)
    return f"{leaning.rest.strip(_ENDS)} ({subject})?" if subject else leaning.rest


def _exchanged(leaning: FollowUp, asked: str) -> str | None:
    """The earlier question with one product in the place of the other, for "what about the K2?"."""
    new, old = _CODE.findall(leaning.rest), _CODE.findall(asked)
    if len(new) != 1 or len(old) != 1 or new == old:
        return None
    return f"{asked.strip(_ENDS).replace(old[0], new[0])}?"


def _subject(question: str, language: str, *, without: str) -> str:
    """What a question is about: names first, which are what pronouns stand for; else every word that names something."""
    said = {word.casefold() for word in _WORD.findall(without)}
    words = [word for word in named_words(question, language) if word.casefold() not in said]
    names = [word for word in words if _is_name(word, question)]
    near = [word for word in words if word in names or _is_beside(word, names, question)]
    return " ".join(list(dict.fromkeys(near or words))[:_MOST_SUBJECT_WORDS])


def _is_name(word: str, text: str) -> bool:
    at = text.find(word)
    is_first = not text[:at].strip(_ENDS) or text[:at].rstrip()[-1:] in ".!?¿¡"
    return bool(_CODE.fullmatch(word)) or (word[:1].isupper() and not is_first)


def _is_beside(word: str, names: Sequence[str], text: str) -> bool:
    return any(f"{name} {word}" in text or f"{word} {name}" in text for name in names)


def _last_sentence(text: str) -> str:
    """The question itself, without what was told before it; all of it when the question says too little by itself."""
    sentences = [part.strip() for part in _SENTENCE.findall(text) if part.strip(_ENDS)]
    return sentences[-1] if sentences and len(sentences[-1].split()) > 4 else text
