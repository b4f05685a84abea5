"""The most that an answer can cost: what is set aside covers what may be called, whoever asks for what."""

import itertools
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest

from ingestion.embedding.embedder import default_embedder
from serving.billing.charging import cut_usage, is_paid, most_of
from serving.billing.ledger import Amount
from serving.inference.extractive import MODEL, ExtractiveProvider
from serving.inference.pricing.prices import Rates
from serving.inference.provider import GenerationRequest, TokenUsage
from serving.inference.providers.opening import ConnectedProvider, open_provider
from serving.inference.providers.tokens import estimated_prompt_tokens
from serving.inference.routing.route import Candidate, Route, Routed
from storage.postgres.models.model_connection import ModelProvider
from tests.factories.model_servers import endpoint, request

RATES = Rates(Decimal(1), Decimal(10))
PROMPT = estimated_prompt_tokens(request().messages)


@pytest.fixture
async def provider() -> AsyncIterator[ConnectedProvider]:
    """A provider that nobody calls."""
    opened = open_provider(endpoint(ModelProvider.VLLM, "http://127.0.0.1:9/v1"))
    yield opened
    await opened.aclose()


def asking(**parameters: Any) -> GenerationRequest:
    return request(parameters=parameters)


def candidate(
    provider: ConnectedProvider, *, bot: int | None = None, model: int | None = None, **more: Any
) -> Candidate:
    """A model whose bot is set to a longest answer, and which has one of its own."""
    parameters = {} if bot is None else {"max_tokens": bot}
    settings: dict[str, Any] = {"accepted": frozenset({"max_tokens", "temperature"}), "rates": RATES, **more}
    return Candidate(provider, "m", parameters=parameters, max_output_tokens=model, **settings)


class TestMostOf:
    @pytest.mark.parametrize(
        ("caller", "bot", "model", "longest"),
        [
            (5_000, 100, None, 5_000), (50, 100, None, 50), (None, 100, None, 100), (5_000, 100, 800, 800),
            (None, 900, 800, 800), (None, None, 800, 800), (5_000, None, None, 5_000), (None, None, None, 4_096),
        ],
    )  # fmt: skip
    def test_the_caller_goes_before_the_bot_and_the_model_bounds_both(
        self, provider: ConnectedProvider, caller: int | None, bot: int | None, model: int | None, longest: int
    ) -> None:
        asked = asking() if caller is None else asking(max_tokens=caller)
        most = most_of(Route((candidate(provider, bot=bot, model=model),)), asked)
        expected = (Decimal(PROMPT) + Decimal(10) * longest) / 1_000_000
        assert most == Amount(expected, PROMPT + longest)

    def test_it_is_never_less_than_what_the_model_is_asked_for(self, provider: ConnectedProvider) -> None:
        lengths = (None, 10, 300, 5_000)
        for caller, bot, model in itertools.product(lengths, repeat=3):
            for accepted in (frozenset[str](), frozenset({"max_tokens"})):
                one = candidate(provider, bot=bot, model=model, accepted=accepted)
                asked = asking() if caller is None else asking(max_tokens=caller)
                sent = one.parameters_for(asked.parameters).get("max_tokens", 0)
                assert most_of(Route((one,)), asked).tokens >= PROMPT + sent, (caller, bot, model, accepted)

    def test_what_a_model_does_not_take_is_the_callers_wish_alone(self, provider: ConnectedProvider) -> None:
        one = candidate(provider, bot=100, accepted=frozenset())
        assert most_of(Route((one,)), asking(max_tokens=5)).tokens == PROMPT + 100

    def test_the_dearest_candidate_bounds_it(self, provider: ConnectedProvider) -> None:
        cheap = candidate(provider, bot=1_000)
        dear = candidate(provider, bot=500, rates=Rates(Decimal(1), Decimal(100)))
        most = most_of(Route((cheap, dear)), asking())
        assert most == Amount((Decimal(PROMPT) + Decimal(100) * 500) / 1_000_000, PROMPT + 1_000)

    def test_self_hosted_models_count_tokens_and_cost_nothing(self, provider: ConnectedProvider) -> None:
        route = Route((candidate(provider, bot=10, rates=None),))
        assert most_of(route, asking()) == Amount(Decimal(0), PROMPT + 10)
        assert not is_paid(route)
        assert is_paid(Route((candidate(provider),)))


class TestCutUsage:
    def test_the_prompt_and_what_was_said(self, provider: ConnectedProvider) -> None:
        routed = Routed(candidate(provider), ())
        assert cut_usage(routed, request(), "x" * 9) == TokenUsage(PROMPT, 3, is_estimated=True)

    def test_quoting_reads_the_question_alone(self) -> None:
        routed = Routed(Candidate(ExtractiveProvider(default_embedder()), MODEL), ())
        assert cut_usage(routed, request("12345678"), "") == TokenUsage(2, 0, is_estimated=True)
