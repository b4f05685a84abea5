"""Tests of passing quotes on that are in another language than the question, for a bot without a model."""

import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, cast

import pytest

from serving.accounts.principal import Actor
from serving.bots.schemas import ChatbotConfig
from serving.context import ServingContext
from serving.conversations.translating import in_askers_language, sure_language
from serving.conversations.turns import AnswerDraft, OpenTurn
from serving.inference.extractive import ExtractiveProvider
from serving.inference.provider import Citation, Completed, Event, FinishReason, TextDelta, TokenUsage
from serving.inference.routing.route import Candidate, Route, Routed
from serving.retrieval.settings import RetrievalSettings
from storage.postgres.models.member import Role

QUOTE = "The Model K5 grinder carries a warranty of 60 months."
GERMAN = "Wie lange gilt die Garantie für die Mühle K5?"


@dataclass(frozen=True)
class Passed:
    """What became of an answer."""

    text: str
    quotes: list[str]
    translation: Any


def turn(question: str, **language: Any) -> OpenTurn:
    """A turn of a bot without models."""
    ids = [uuid.uuid4() for _ in range(5)]
    return OpenTurn(
        Actor(uuid.uuid4(), Role.OWNER, None, None, None), ids[0], ids[1], ids[2], question, ids[3], ids[4],
        ChatbotConfig.model_validate({"language": language}), Route(()), (), RetrievalSettings(),
    )  # fmt: skip


async def passed(asked: OpenTurn, *, finish: FinishReason = FinishReason.STOP) -> Passed:
    """Pass an English quote on."""

    async def said() -> AsyncIterator[Event]:
        yield TextDelta(f"{QUOTE} [1]")
        if finish is FinishReason.STOP:
            yield Citation(1, QUOTE)
        yield Completed(finish, TokenUsage(1, 1))

    provider = ExtractiveProvider(cast("Any", None))  # only its name is asked for
    draft = AnswerDraft(routed=Routed(Candidate(provider, "extractive-1"), ()))
    nowhere = cast("ServingContext", None)  # a bot without models asks nobody
    events = [event async for event in in_askers_language(nowhere, asked, draft, said())]
    last = events[-1]
    assert isinstance(last, Completed)
    return Passed(
        "".join(event.text for event in events if isinstance(event, TextDelta)),
        [event.quote for event in events if isinstance(event, Citation)],
        last.decisions.get("translation"),
    )


class TestInAskersLanguage:
    async def test_without_a_model_the_quote_stands_and_that_is_said(self) -> None:
        found = await passed(turn(GERMAN))
        assert (found.text, found.quotes) == (f"{QUOTE} [1]", [QUOTE])
        assert found.translation == {
            "answer": {"outcome": "not_available", "reason": "no_model", "from": "en", "to": "de"}
        }

    @pytest.mark.parametrize(
        ("question", "language"),
        [
            ("How long is the warranty of the K5 grinder?", {}),
            ("K5 4711", {}),
            (GERMAN, {"answers_in": "documents"}),
        ],
    )
    async def test_nothing_is_said_where_nothing_was_to_be_translated(
        self, question: str, language: dict[str, Any]
    ) -> None:
        found = await passed(turn(question, **language))
        assert (found.text, found.translation) == (f"{QUOTE} [1]", None)

    async def test_a_refusal_is_in_the_askers_language_already(self) -> None:
        assert (await passed(turn(GERMAN), finish=FinishReason.REFUSED)).translation is None


class TestSureLanguage:
    @pytest.mark.parametrize(("text", "language"), [(GERMAN, "de"), (QUOTE, "en"), ("Garantie K5", None)])
    def test_it_abstains_where_a_wrong_language_would_cost_an_answer(self, text: str, language: str | None) -> None:
        assert sure_language(text) == language
