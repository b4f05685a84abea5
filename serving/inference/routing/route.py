"""A route: the candidates of one answer, as its bot asks for them, ready to be called."""

import enum
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from serving.inference.errors import ProviderErrorKind
from serving.inference.pricing.prices import Cost, Rates, price
from serving.inference.provider import Provider, TokenUsage


class RoutingRule(enum.StrEnum):
    """How candidates are put in order."""

    ORDERED = "ordered"
    """As they are listed."""
    CHEAPEST = "cheapest"
    """By price, of those that are good enough."""
    FASTEST = "fastest"
    """By the time to the first word, as measured here."""
    PINNED = "pinned"
    """The first one, and no other."""


class BreakerKey(NamedTuple):
    """What fails together: a model, asked with a key. The fingerprint tells keys apart and tells nothing of them."""

    provider: str
    model: str
    connection_id: uuid.UUID | None
    key_fingerprint: str | None


@dataclass(frozen=True)
class Candidate:
    """One model that may answer.

    Attributes:
        provider: Its adapter.
        model: Its name at its provider.
        connection_id: The connection that it is behind; None for the extractive answerer.
        model_id: Its row; None for the extractive answerer.
        key_fingerprint: Tells the connection's keys apart.
        parameters: Its sampling parameters, validated.
        accepted: Names of parameters that it takes from whoever asks.
        max_output_tokens: The longest answer that it gives, if that is known.
        rates: The organization's own price.
        expected_usd: What an answer of usual length costs; None when nobody knows.
        quality: Its score in an evaluation, in [0, 1].
        adapter_hash: The content of the adapter that the model is, if it is one.
        has_tools: Whether it may be offered tools.
    """

    provider: Provider
    model: str
    connection_id: uuid.UUID | None = None
    model_id: uuid.UUID | None = None
    key_fingerprint: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    accepted: frozenset[str] = frozenset()
    max_output_tokens: int | None = None
    rates: Rates | None = None
    expected_usd: Decimal | None = None
    quality: float | None = None
    adapter_hash: str | None = None
    has_tools: bool = False

    @property
    def key(self) -> BreakerKey:
        """What its failures are counted under."""
        return BreakerKey(self.provider.name, self.model, self.connection_id, self.key_fingerprint)

    def parameters_for(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """The sampling parameters of a call. What its caller asks for goes before what the bot is set to, where the model knows it.

        Args:
            asked: The caller's, by their names in OpenAI's protocol.
        """
        parameters = {**self.parameters, **{name: value for name, value in asked.items() if name in self.accepted}}
        if self.max_output_tokens is not None and "max_tokens" in parameters:
            parameters["max_tokens"] = min(parameters["max_tokens"], self.max_output_tokens)
        return parameters

    def longest_answer(self, asked: Mapping[str, Any]) -> int | None:
        """The most tokens that a call with a caller's parameters is answered with; None when nothing bounds it."""
        longest: int | None = self.parameters_for(asked).get("max_tokens", self.max_output_tokens)
        return longest


@dataclass(frozen=True)
class Route:
    """What may answer, and how it is chosen.

    Attributes:
        candidates: In the order of the bot's configuration.
        rule: How they are put in order.
        least_quality: Scores below it, and models without a score, are left out by `cheapest`.
        last_resort: Answers when nobody else did, if the bot allows it.
        total_s: The time for everything, retries included.
    """

    candidates: tuple[Candidate, ...]
    rule: RoutingRule = RoutingRule.ORDERED
    least_quality: float | None = None
    last_resort: Candidate | None = None
    total_s: float = 60.0

    def with_tools(self) -> "Route":
        """The part of the route that may be offered tools; sentences that are quoted know nothing of them."""
        return replace(self, candidates=tuple(c for c in self.candidates if c.has_tools), last_resort=None)


@dataclass(frozen=True)
class Attempt:
    """One call, or one candidate that was passed over. `kind` is None for the call that answered."""

    provider: str
    model: str
    connection_id: uuid.UUID | None
    kind: ProviderErrorKind | None
    ms: float

    @property
    def outcome(self) -> str:
        """How it ended, in a word."""
        return self.kind.value if self.kind else "answered"

    def as_json(self) -> dict[str, object]:
        """As receipts keep it."""
        return {
            "provider": self.provider,
            "model": self.model,
            "connection_id": str(self.connection_id) if self.connection_id else None,
            "outcome": self.outcome,
            "ms": round(self.ms, 1),
        }


@dataclass(frozen=True)
class Routed:
    """Who answers; comes before the first word, and nobody else speaks after it."""

    candidate: Candidate
    attempts: tuple[Attempt, ...]
    parameters: Mapping[str, Any] = field(default_factory=dict)

    @property
    def provider(self) -> str:
        """The provider's name."""
        return self.candidate.provider.name

    @property
    def model(self) -> str:
        """The model that was asked for."""
        return self.candidate.model

    @property
    def connection_id(self) -> uuid.UUID | None:
        """The connection; None for the extractive answerer."""
        return self.candidate.connection_id

    @property
    def model_id(self) -> uuid.UUID | None:
        """The model's row; None for the extractive answerer."""
        return self.candidate.model_id

    @property
    def adapter_hash(self) -> str | None:
        """The content of the adapter that answers, if one does."""
        return self.candidate.adapter_hash

    def cost(self, usage: TokenUsage, at: datetime) -> Cost | None:
        """What the call cost; None when nobody knows."""
        return price(self.provider, self.model, usage, at, rates=self.candidate.rates)
