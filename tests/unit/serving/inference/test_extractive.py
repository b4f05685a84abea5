"""Tests of the extractive provider with the real embedding model."""

import uuid

import pytest

import serving.inference.extractive as extractive
from ingestion.embedding.embedder import default_embedder
from serving.inference.extractive import ExtractiveProvider
from serving.inference.phrases import phrase
from serving.inference.provider import Citation, Completed, Event, Evidence, FinishReason, GenerationRequest, TextDelta

POLICY = (
    "You may send back any machine within 45 days of delivery. Return shipping is free for members of the Green Club. "
    "Opened coffee beans cannot be returned."
)
WARRANTY = "The Model K2 grinder carries a warranty of 36 months. The Model K5 grinder carries a warranty of 60 months."
ROWS = "| K2 | 249 EUR | 36 months |\n| K5 | 399 EUR | 60 months |"
QUESTION = "How long is the warranty of the K5 grinder?"


@pytest.fixture(scope="module")
def provider() -> ExtractiveProvider:
    return ExtractiveProvider(default_embedder())


def evidence(*texts: str, path: tuple[str, ...] = (), score: float = 0.6) -> tuple[Evidence, ...]:
    """Passages, each less like the question than the one before it."""
    return tuple(
        Evidence(number, uuid.uuid5(uuid.NAMESPACE_URL, text), "policy.md", text, path, score / number)
        for number, text in enumerate(texts, start=1)
    )


def request(question: str, *passages: Evidence, language: str | None = None) -> GenerationRequest:
    return GenerationRequest(question=question, evidence=passages, model="extractive-1", language=language)


async def run(provider: ExtractiveProvider, asked: GenerationRequest) -> list[Event]:
    return [event async for event in provider.stream(asked)]


def end(events: list[Event]) -> Completed:
    last = events[-1]
    assert isinstance(last, Completed)
    return last


def text(events: list[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


class TestStream:
    async def test_the_sentence_that_answers_comes_first_with_its_number(self, provider: ExtractiveProvider) -> None:
        events = await run(provider, request(QUESTION, *evidence(POLICY, WARRANTY)))
        assert text(events).startswith("The Model K5 grinder carries a warranty of 60 months. [2]")
        assert end(events).finish_reason is FinishReason.STOP

    async def test_every_sentence_is_verbatim_in_the_passage_it_cites(self, provider: ExtractiveProvider) -> None:
        passages = evidence(POLICY, WARRANTY)
        events = await run(
            provider, request("Which machine may I send back within how many days of delivery?", *passages)
        )
        citations = [event for event in events if isinstance(event, Citation)]
        deltas = [event for event in events if isinstance(event, TextDelta)]
        assert len(citations) == len(deltas) >= 1
        for delta, citation in zip(deltas, citations, strict=True):
            assert citation.quote in passages[citation.number - 1].text
            assert delta.text.strip() == f"{citation.quote} [{citation.number}]"

    async def test_a_row_of_a_table_that_goes_on_reads_with_its_header(self, provider: ExtractiveProvider) -> None:
        passages = evidence(ROWS, POLICY, path=("Prices", "| Model | Price | Warranty |"))
        events = await run(provider, request("What is the warranty and price of model K5?", *passages))
        assert "Model: K5; Price: 399 EUR; Warranty: 60 months. [1]" in text(events)

    async def test_the_same_question_gets_the_same_answer(self, provider: ExtractiveProvider) -> None:
        asked = request(QUESTION, *evidence(POLICY, WARRANTY))
        fresh = await run(ExtractiveProvider(default_embedder()), asked)
        assert fresh == await run(provider, asked) == await run(provider, asked)

    async def test_near_duplicates_are_said_once(self, provider: ExtractiveProvider) -> None:
        copy = "The Model K5 grinder carries a warranty of 60 months!"
        events = await run(provider, request(QUESTION, *evidence(WARRANTY, copy, f"{copy} Really.")))
        assert text(events).count("warranty of 60 months") == 1

    async def test_at_most_three_sentences(self, provider: ExtractiveProvider) -> None:
        many = " ".join(f"The warranty of the K5 grinder part number {n}{n} is {n} years." for n in range(2, 9))
        events = await run(provider, request(QUESTION, *evidence(many)))
        assert 1 <= sum(isinstance(event, Citation) for event in events) <= extractive.MAX_SENTENCES

    async def test_tokens_are_counted(self, provider: ExtractiveProvider) -> None:
        last = end(await run(provider, request(QUESTION, *evidence(WARRANTY))))
        assert last.usage.prompt_tokens > 5
        assert last.usage.completion_tokens > 5


class TestHeadings:
    """A passage is about what its headings say, which its sentences need not say again."""

    PAUSE = "If the machine is not used for more than three weeks, empty the tank and the boiler."
    DESCALING = "Without a filter after 300 cups, with a filter after 500 cups."

    def asked(self, question: str, heading: str, language: str) -> GenerationRequest:
        first, second = evidence(self.PAUSE, self.DESCALING, score=0.5)
        under = Evidence(second.number, second.chunk_id, "care.md", second.text, ("Care", heading), 0.5)
        return request(question, first, under, language=language)

    async def test_the_sentence_under_the_heading_that_is_asked_about_comes_first(
        self, provider: ExtractiveProvider
    ) -> None:
        question = "How often must the machine be descaled?"
        there = provider.select(self.asked(question, "How often must it be descaled?", "en"))
        elsewhere = provider.select(self.asked(question, "Notes", "en"))
        assert there.chosen[0].sentence.text == self.DESCALING
        assert elsewhere.chosen[0].sentence.text == self.PAUSE
        assert there.probability > elsewhere.probability

    async def test_words_shared_with_a_heading_are_evidence(self, provider: ExtractiveProvider) -> None:
        question = "Wie oft muss ich entkalken?"
        there = provider.select(self.asked(question, "Wie oft muss entkalkt werden?", "de"))
        elsewhere = provider.select(self.asked(question, "Hinweise", "de"))
        assert there.features is not None
        assert elsewhere.features is not None
        assert there.features.coverage > elsewhere.features.coverage
        assert there.probability > elsewhere.probability


class TestRefusal:
    async def test_without_passages(self, provider: ExtractiveProvider) -> None:
        events = await run(provider, request(QUESTION))
        assert text(events) == phrase("refusal", "en")
        assert end(events).is_refused
        assert end(events).decisions["evidence_probability"] == 0

    async def test_with_passages_that_say_nothing_of_it(self, provider: ExtractiveProvider) -> None:
        passages = evidence(POLICY, WARRANTY, score=0.05)
        events = await run(provider, request("Who painted the ceiling of the Sistine Chapel?", *passages))
        assert end(events).is_refused
        assert not any(isinstance(event, Citation) for event in events)

    async def test_in_german_with_passages_that_say_nothing_of_it(self, provider: ExtractiveProvider) -> None:
        passages = evidence(POLICY, WARRANTY, score=0.05)
        events = await run(provider, request("Wer hat die Decke der Sixtinischen Kapelle gemalt?", *passages))
        assert end(events).is_refused

    async def test_with_passages_that_hold_no_sentence(self, provider: ExtractiveProvider) -> None:
        assert end(await run(provider, request(QUESTION, *evidence("# Warranty", "K5")))).is_refused

    @pytest.mark.parametrize(
        ("question", "language"),
        [
            ("Who painted the Sistine Chapel?", "en"),
            ("Wer hat die Decke der Kapelle gemalt?", "de"),
            ("¿Quién pintó el techo de la capilla?", "es"),
            ("Qui a peint le plafond de la chapelle ?", "fr"),
        ],
    )
    async def test_speaks_the_language_of_the_question(
        self, provider: ExtractiveProvider, question: str, language: str
    ) -> None:
        assert text(await run(provider, request(question))) == phrase("refusal", language)

    async def test_falls_back_to_english(self, provider: ExtractiveProvider) -> None:
        assert text(await run(provider, request("谁画的？", language="zh"))) == phrase("refusal", "en")


class TestSelect:
    def test_a_changed_passage_is_read_anew(self, provider: ExtractiveProvider) -> None:
        chunk = uuid.uuid4()
        for months in ("12", "24"):
            said = f"The K5 grinder carries a warranty of {months} months."
            asked = request(QUESTION, Evidence(1, chunk, "policy.md", said, (), 0.6))
            assert [c.sentence.quote for c in provider.select(asked).chosen] == [said]
