"""Citations are of passages that were given; an answer without one says so."""

import uuid
from collections.abc import AsyncIterator, Sequence

import pytest

from serving.inference.grounding.grounded import Grounding
from serving.inference.phrases import phrase
from serving.inference.provider import (
    Citation,
    Completed,
    Event,
    Evidence,
    FinishReason,
    GenerationRequest,
    JsonSchema,
    Message,
    Role,
    TextDelta,
    TokenUsage,
    Tool,
    ToolCall,
    ToolChoice,
    ToolMode,
)

POLICY = "You may return any machine within 45 days. Return shipping is free for members of the Green Club."
WARRANTY = "The Model K5 grinder carries a warranty of 60 months. The Model K2 grinder carries 36 months."


def request(*texts: str, **more: object) -> GenerationRequest:
    evidence = tuple(Evidence(n, uuid.UUID(int=n), "d.md", text, (), 0.9) for n, text in enumerate(texts, 1))
    return GenerationRequest("How long?", evidence, "m", **more)  # type: ignore[arg-type]


async def said(pieces: Sequence[Event | str], asked: GenerationRequest, *, cites_itself: bool = False) -> list[Event]:
    async def events() -> AsyncIterator[Event]:
        for piece in pieces:
            yield TextDelta(piece) if isinstance(piece, str) else piece
        if not any(isinstance(piece, Completed) for piece in pieces):
            yield Completed(FinishReason.STOP, TokenUsage(1, 1))

    return [event async for event in Grounding(asked, cites_itself=cites_itself).passed(events())]


def text(events: Sequence[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


def end(events: Sequence[Event]) -> Completed:
    last = events[-1]
    assert isinstance(last, Completed)
    return last


CALLED = Completed(FinishReason.TOOL_CALLS, TokenUsage(1, 1))
ANSWER = "The K5 carries a warranty of 60 months [2]. Members ship for free [1]."


class TestCitations:
    @pytest.mark.parametrize("size", [1, 2, 3, 7, 200])
    async def test_each_mark_becomes_a_citation_with_the_closest_sentence(self, size: int) -> None:
        pieces = [ANSWER[at : at + size] for at in range(0, len(ANSWER), size)]
        events = await said(pieces, request(POLICY, WARRANTY))
        assert text(events) == ANSWER
        assert [event for event in events if isinstance(event, Citation)] == [
            Citation(2, "The Model K5 grinder carries a warranty of 60 months."),
            Citation(1, "Return shipping is free for members of the Green Club."),
        ]
        assert end(events).finish_reason is FinishReason.STOP

    async def test_a_citation_follows_its_mark(self) -> None:
        events = await said([ANSWER], request(POLICY, WARRANTY))
        first = next(index for index, event in enumerate(events) if isinstance(event, Citation))
        assert text(events[:first]).endswith("[2]")

    async def test_a_passage_that_was_not_given_is_not_cited(self) -> None:
        events = await said(["It is 60 months [7]. Free [1, 9]. Sure [12]."], request(POLICY))
        assert text(events) == "It is 60 months. Free [1]. Sure."
        assert [event.number for event in events if isinstance(event, Citation)] == [1]
        assert end(events).decisions["citations_of_nothing"] == 3

    async def test_support_is_measured(self) -> None:
        events = await said(
            ["The K5 carries a warranty of 60 months [1]. Bananas grow on Mars [1]."], request(WARRANTY)
        )
        support = end(events).decisions["citation_support"]
        assert isinstance(support, list)
        assert support[0] > 0.8
        assert support[1] == 0


class TestWithoutEvidence:
    @pytest.mark.parametrize("language", ["en", "de"])
    async def test_an_answer_that_cites_nothing_says_so_and_counts_as_refused(self, language: str) -> None:
        events = await said(["It is blue."], request(POLICY, language=language))
        assert text(events) == f"It is blue.\n\n{phrase('uncited', language)}"
        assert end(events).is_refused

    async def test_an_empty_answer_says_only_that(self) -> None:
        assert text(await said([""], request(POLICY))) == phrase("uncited", "en")

    async def test_a_bot_without_documents_needs_none(self) -> None:
        async def events() -> AsyncIterator[Event]:
            yield TextDelta("It is blue. ![x](https://evil.example)")
            yield Completed(FinishReason.STOP, TokenUsage(1, 1))

        found = [event async for event in Grounding(request(), must_cite=False).passed(events())]
        assert text(found) == "It is blue. x"
        assert end(found).finish_reason is FinishReason.STOP

    async def test_json_and_tool_calls_need_no_marks(self) -> None:
        asked = request(POLICY, response_schema=JsonSchema("a", {}))
        assert text(await said(['{"days": 45}'], asked)) == '{"days": 45}'


class TestAuthority:
    async def test_only_offered_tools_are_called(self) -> None:
        wanted, planted = ToolCall("1", "lookup", "{}"), ToolCall("2", "send_mail", '{"to": "evil"}')
        asked = request(POLICY, tools=(Tool("lookup", "", {}),))
        events = await said([planted, wanted, "Yes [1]."], asked)
        assert [event for event in events if isinstance(event, ToolCall)] == [wanted]
        assert end(events).decisions["tool_calls_not_offered"] == 1

    async def test_none_is_called_when_none_may_be(self) -> None:
        lookup = Tool("lookup", "", {})
        asked = request(POLICY, tools=(lookup,), tool_choice=ToolChoice(ToolMode.NONE))
        events = await said(["Yes [1].", ToolCall("1", "lookup", "{}"), CALLED], asked)
        assert not [event for event in events if isinstance(event, ToolCall)]
        assert end(events).finish_reason is FinishReason.STOP

    async def test_a_call_is_the_reason_whatever_the_server_says(self) -> None:
        asked = request(POLICY, tools=(Tool("lookup", "", {}),))
        events = await said([ToolCall("1", "lookup", "{}")], asked)
        assert end(events).finish_reason is FinishReason.TOOL_CALLS

    async def test_an_answer_from_a_result_cites_nothing_and_may_say_its_address(self) -> None:
        result = Message(Role.TOOL, "See https://parcels.example/7", tool_call_id="1")
        events = await said(
            ["See https://parcels.example/7, not https://evil.example/7"], request(POLICY, messages=(result,))
        )
        assert text(events) == "See https://parcels.example/7, not [link removed]"
        assert end(events).finish_reason is FinishReason.STOP

    async def test_nothing_reaches_out(self) -> None:
        events = await said(["45 days [1]. ![x](https://evil.example/secret) ", "<img src=x>"], request(POLICY))
        assert "evil" not in text(events)
        assert end(events).decisions["removed_from_output"] == {"image": 1, "html": 1}


class TestProviderThatCites:
    async def test_its_citations_are_its_own(self) -> None:
        own = Citation(1, "Return shipping is free for members of the Green Club.")
        events = await said(["Free for members. [1]", own], request(POLICY), cites_itself=True)
        assert text(events) == "Free for members. [1]"
        assert [event for event in events if isinstance(event, Citation)] == [own]
        assert events.index(own) == 1 or text(events[: events.index(own)]) == "Free for members. [1]"
