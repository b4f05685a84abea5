"""Identification of languages: the share of questions whose language is named, against the bare detector."""

from collections.abc import Iterator
from typing import Any

from benchmarks.figure import figure
from benchmarks.language.sets import xquad_questions
from ingestion.language.identification import detector, identify_language

LEAST = 0.99


def measure() -> Iterator[dict[str, Any]]:
    """One figure per language, and all together."""
    right = total = peer_right = 0
    for language, questions in xquad_questions().items():
        told = [identify_language(question).language for question in questions]
        named = sum(code == language for code in told)
        wrong = sum(code not in (language, None) for code in told)
        bare = sum(_bare(question) == language for question in questions)
        right, total, peer_right = right + named, total + len(questions), peer_right + bare
        yield _figure(language, named, bare, len(questions), wrong=wrong)
    yield _figure("all", right, peer_right, total)


def _bare(question: str) -> str | None:
    found = detector().detect_language_of(question)
    return found.iso_code_639_1.name.lower() if found is not None else None


def _figure(language: str, named: int, bare: int, count: int, **more: Any) -> dict[str, Any]:
    return figure(
        f"XQuAD questions: {language} identified",
        named / count,
        "",
        at_least=LEAST,
        examples=count,
        **more,
        peer="lingua alone, which never abstains",
        peer_value=round(bare / count, 4),
        ratio=round(named / bare, 4) if bare else None,
    )
