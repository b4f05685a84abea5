"""Prices: exact, dated, and never zero for what is not known."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from serving.inference.pricing.prices import (
    PriceException,
    Rates,
    most_it_can_cost,
    price,
    price_exceptions,
)
from serving.inference.provider import TokenUsage
from storage.postgres.models.model_connection import ModelProvider

NOW = datetime(2026, 6, 1, tzinfo=UTC)
USAGE = TokenUsage(prompt_tokens=1_000_000, completion_tokens=500_000, cached_prompt_tokens=400_000)


class TestPrice:
    def test_input_cached_input_and_output_are_told_apart(self) -> None:
        cost = price(ModelProvider.OPENAI, "gpt-4o", USAGE, NOW)
        assert cost is not None
        assert (cost.input_usd, cost.cached_input_usd, cost.output_usd) == (Decimal("1.5"), Decimal("0.5"), Decimal(5))
        assert (cost.total_usd, cost.source) == (Decimal(7), "table")

    @pytest.mark.parametrize(
        ("provider", "model"),
        [(ModelProvider.OPENAI, "gpt-4o"), (ModelProvider.ANTHROPIC, "claude-sonnet-4-5"), (ModelProvider.GOOGLE, "gemini-2.5-flash")],
    )  # fmt: skip
    def test_every_hosted_provider_is_in_the_table(self, provider: ModelProvider, model: str) -> None:
        cost = price(provider, model, TokenUsage(1000, 1000), NOW)
        assert cost is not None
        assert cost.output_usd > cost.input_usd > 0

    @pytest.mark.parametrize("provider", ["openai", "anthropic", "google", "nobody"])
    def test_what_nobody_knows_is_none_and_not_zero(self, provider: str) -> None:
        assert price(provider, "a-model-of-tomorrow", USAGE, NOW) is None

    @pytest.mark.parametrize("provider", [ModelProvider.VLLM, ModelProvider.OLLAMA, "extractive"])
    def test_ones_own_machines_cost_nothing_by_rule(self, provider: str) -> None:
        cost = price(provider, "anything", USAGE, NOW)
        assert cost is not None
        assert (cost.total_usd, cost.source) == (Decimal(0), "self-hosted")

    def test_the_organizations_own_price_goes_first(self) -> None:
        cost = price(ModelProvider.VLLM, "m", USAGE, NOW, rates=Rates(Decimal(2), Decimal(4)))
        assert cost is not None
        assert (cost.total_usd, cost.source) == (Decimal(4), "model")

    def test_an_exception_counts_from_its_day(self) -> None:
        old = PriceException("openai", "gpt-4o", date(2026, 1, 1), Decimal(1), Decimal(1))
        new = PriceException("openai", "gpt-4*", date(2026, 7, 1), Decimal(10), Decimal(10), Decimal(0))
        usage = TokenUsage(1_000_000, 0, 1_000_000)
        found = [
            price("openai", "gpt-4o", usage, datetime(2026, month, 1, tzinfo=UTC), exceptions=[old, new])
            for month in (1, 6, 7)
        ]
        assert [cost.total_usd if cost else None for cost in found] == [Decimal(1), Decimal(1), Decimal(0)]

    def test_the_file_of_exceptions_is_sound(self) -> None:
        assert all(entry.input > 0 and entry.output > 0 for entry in price_exceptions())

    def test_no_call_is_rounded_away(self) -> None:
        cost = price("openai", "gpt-4o", TokenUsage(1, 0), NOW)
        assert cost is not None
        assert cost.total_usd == Decimal("0.0000025")


class TestMostItCanCost:
    def test_it_is_never_less_than_what_it_costs(self) -> None:
        most = most_it_can_cost("openai", "gpt-4o", prompt_tokens=1000, max_tokens=500, at=NOW)
        cost = price("openai", "gpt-4o", TokenUsage(1000, 300, 800), NOW)
        assert most is not None
        assert cost is not None
        assert most.total_usd > cost.total_usd

    def test_an_unknown_price_stays_unknown(self) -> None:
        assert most_it_can_cost("openai", "x", prompt_tokens=1, max_tokens=1, at=NOW) is None
