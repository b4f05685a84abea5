"""Tokens -> USD. A price that is not known is None and never zero, so that nothing paid looks free."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml
from pydantic import TypeAdapter

from serving.inference.extractive import EXTRACTIVE
from serving.inference.provider import TokenUsage
from storage.postgres.models.model_connection import ModelProvider

EXCEPTIONS = Path(__file__).with_name("exceptions.yaml")
SELF_HOSTED = "self-hosted"
_MILLION = Decimal(1_000_000)


@dataclass(frozen=True)
class Rates:
    """USD for a million tokens; cached input costs as much as other input when it has no price of its own."""

    input: Decimal
    output: Decimal
    cached_input: Decimal | None = None


@dataclass(frozen=True)
class Cost:
    """What a call costs in USD, and where the price is from: `model`, `exception`, `table` or `self-hosted`."""

    input_usd: Decimal
    cached_input_usd: Decimal
    output_usd: Decimal
    source: str

    @property
    def total_usd(self) -> Decimal:
        """All of it."""
        return self.input_usd + self.cached_input_usd + self.output_usd


@dataclass(frozen=True)
class PriceException:
    """A price of ours for models whose name matches, since a day."""

    provider: str
    model: str
    since: date
    input: Decimal
    output: Decimal
    cached_input: Decimal | None = None

    def applies_to(self, provider: str, model: str, day: date) -> bool:
        """Whether this is a price of the model on that day."""
        beginning = self.model.removesuffix("*")
        is_named = model == self.model or (self.model.endswith("*") and model.startswith(beginning))
        return provider == self.provider and is_named and self.since <= day


def price(
    provider: ModelProvider | str,
    model: str,
    usage: TokenUsage,
    at: datetime,
    *,
    rates: Rates | None = None,
    exceptions: Sequence[PriceException] | None = None,
) -> Cost | None:
    """What a call cost.

    Args:
        provider: Whose model it was.
        model: Its name, as the provider said it or as it was asked for.
        usage: The tokens.
        at: When; prices change.
        rates: The organization's own price of this model, which goes before every other.
        exceptions: Prices that go before the table; those of `exceptions.yaml` unless given.

    Returns:
        None when nobody knows the price.
    """
    if rates is not None:
        return _at(rates, usage, "model")
    if provider in (ModelProvider.VLLM, ModelProvider.OLLAMA) or provider == EXTRACTIVE:
        return Cost(Decimal(0), Decimal(0), Decimal(0), SELF_HOSTED)
    for entry in sorted(price_exceptions() if exceptions is None else exceptions, key=lambda e: e.since, reverse=True):
        if entry.applies_to(provider, model, at.astimezone(UTC).date()):
            return _at(Rates(entry.input, entry.output, entry.cached_input), usage, "exception")
    return _from_table(provider, model, usage, at)


def most_it_can_cost(
    provider: ModelProvider | str,
    model: str,
    *,
    prompt_tokens: int,
    max_tokens: int,
    at: datetime,
    rates: Rates | None = None,
) -> Cost | None:
    """The cost to reserve before a call: nothing cached, and the longest answer."""
    return price(provider, model, TokenUsage(prompt_tokens, max_tokens), at, rates=rates)


@functools.lru_cache
def price_exceptions() -> tuple[PriceException, ...]:
    """The prices of `exceptions.yaml`.

    Raises:
        ValidationError: An entry lacks something or is no price.
    """
    return TypeAdapter(tuple[PriceException, ...]).validate_python(yaml.safe_load(EXCEPTIONS.read_text()) or ())


def _at(rates: Rates, usage: TokenUsage, source: str) -> Cost:
    cached = min(usage.cached_prompt_tokens, usage.prompt_tokens)
    cached_rate = rates.input if rates.cached_input is None else rates.cached_input
    return Cost(
        input_usd=rates.input * (usage.prompt_tokens - cached) / _MILLION,
        cached_input_usd=cached_rate * cached / _MILLION,
        output_usd=rates.output * usage.completion_tokens / _MILLION,
        source=source,
    )


def _from_table(provider: str, model: str, usage: TokenUsage, at: datetime) -> Cost | None:
    import genai_prices  # hundreds of prices: loaded when the first one is asked for

    try:
        found = genai_prices.calc_price(
            genai_prices.Usage(input_tokens=usage.prompt_tokens, output_tokens=usage.completion_tokens),
            model,
            provider_id=str(provider),
            genai_request_timestamp=at,
        )
    except (LookupError, ValueError):
        return None
    if found.model_price.input_mtok is None or found.model_price.output_mtok is None:
        return None
    rates = Rates(
        input=_tier(found.model_price.input_mtok, usage.prompt_tokens),
        output=_tier(found.model_price.output_mtok, usage.prompt_tokens),
        cached_input=_tier(found.model_price.cache_read_mtok, usage.prompt_tokens),
    )
    return _at(rates, usage, "table")


def _tier(value: Any, prompt_tokens: int) -> Any:
    """The price of a token in a prompt of that length: long prompts can cost more, for every token of them."""
    if value is None or isinstance(value, Decimal):
        return value
    reached = [tier.price for tier in value.tiers if prompt_tokens > tier.start]
    return reached[-1] if reached else value.base
