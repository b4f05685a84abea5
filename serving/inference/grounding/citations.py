"""Finds the marks `[n]` in a model's text and holds each against the passage that was really given under that number."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from serving.inference.provider import Citation, Evidence, TextDelta
from serving.inference.sentences import split_sentences
from serving.language.stop_words import all_stop_words
from storage.analysis.words import words

_MARK = re.compile(r"[ \t]*\[(\d{1,3}(?:\s*[,;]\s*\d{1,3})*)\]")
_STATEMENT_END = re.compile(r"[.!?…。！？]\s|\n")
_QUOTE_CHARACTERS = 600
_STATEMENT_CHARACTERS = 1000  # what a mark can rest on; text without a full stop must not grow for ever


@dataclass
class CitationChecker:
    """Reads filtered text as it streams, and sends text and citations on in order.

    Attributes:
        evidence: The passages that were given.
        unknown: How many marks named a passage that was not given; they are taken out of the text.
        support: For each citation, the share of the statement's words that stand in its quote.
    """

    evidence: Sequence[Evidence]
    unknown: int = 0
    support: list[float] = field(default_factory=list)
    cited: set[int] = field(default_factory=set)
    _held: str = ""
    _statement: str = ""

    def __post_init__(self) -> None:
        self._by_number: Mapping[int, Evidence] = {item.number: item for item in self.evidence}

    def feed(self, text: str) -> Iterator[TextDelta | Citation]:
        """More text. What may be the beginning of a mark is held until it is clear."""
        self._held += text
        cut = _cut(self._held)
        ready, self._held = self._held[:cut], self._held[cut:]
        yield from self._read(ready)

    def finish(self) -> Iterator[TextDelta | Citation]:
        """The rest."""
        ready, self._held = self._held, ""
        yield from self._read(ready)

    def _read(self, text: str) -> Iterator[TextDelta | Citation]:
        at = 0
        for mark in _MARK.finditer(text):
            yield from self._say(text[at : mark.start()])
            at = mark.end()
            numbers = [int(number) for number in re.split(r"[,;]", mark[1])]
            known = [number for number in numbers if number in self._by_number]
            self.unknown += len(numbers) - len(known)
            if known:
                yield TextDelta(" " * (text[mark.start()] in " \t") + "".join(f"[{number}]" for number in known))
            for number in known:
                yield self._cite(number)
        yield from self._say(text[at:])

    def _say(self, text: str) -> Iterator[TextDelta]:
        if text:
            said = (self._statement + text)[-_STATEMENT_CHARACTERS:]
            self._statement = _STATEMENT_END.split(said)[-1] or said
            yield TextDelta(text)

    def _cite(self, number: int) -> Citation:
        quote, support = closest_sentence(self._statement, self._by_number[number].text)
        self.cited.add(number)
        self.support.append(round(support, 3))
        return Citation(number, quote)


def closest_sentence(statement: str, passage: str) -> tuple[str, float]:
    """The sentence of a passage that shares most with a statement, verbatim, and the share of the statement's words in it."""
    said = _content(statement)
    best, most = passage[:_QUOTE_CHARACTERS], -1.0
    for sentence in split_sentences(passage):
        share = len(said & _content(sentence.text)) / len(said) if said else 0.0
        if share > most:
            best, most = sentence.quote[:_QUOTE_CHARACTERS], share
    return best, max(most, 0.0)


def _content(text: str) -> frozenset[str]:
    return frozenset(found.text.casefold() for found in words(text)) - all_stop_words()


def _cut(text: str) -> int:
    """Before a bracket that is still open, and before blanks that a mark would take with it."""
    opened = text.rfind("[")
    cut = opened if opened >= 0 and "]" not in text[opened:] and len(text) - opened <= 40 else len(text)
    return len(text[:cut].rstrip(" \t"))
