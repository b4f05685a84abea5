"""From a route and its tokens to amounts of the ledger."""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from serving.billing.ledger import Amount, Charge
from serving.inference.extractive import EXTRACTIVE
from serving.inference.pricing.prices import SELF_HOSTED, most_it_can_cost
from serving.inference.provider import GenerationRequest, TokenUsage
from serving.inference.providers.tokens import estimated_request_tokens, estimated_tokens
from serving.inference.routing.route import Candidate, Route, Routed

# The longest answer that is reckoned with when neither the asker, the bot nor the model says.
_LONGEST_ANSWER = 4096


@dataclass(frozen=True)
class Reservation:
    """What was set aside for an answer."""

    entry_id: uuid.UUID
    most: Amount


def most_of(route: Route, request: GenerationRequest) -> Amount:
    """The most that an answer along a route can cost.

    Candidates are called one after another and only one is paid for a whole answer, so the dearest one bounds the cost.
    A price that is not known counts as nothing here; the call is flagged when it is settled.
    """
    prompt_tokens = estimated_request_tokens(request)
    now = datetime.now(UTC)
    usd, tokens = Decimal(0), 0
    for candidate in route.candidates:
        longest = candidate.longest_answer(request.parameters) or _LONGEST_ANSWER
        cost = most_it_can_cost(
            candidate.provider.name, candidate.model, prompt_tokens=prompt_tokens, max_tokens=longest, at=now, rates=candidate.rates
        )  # fmt: skip
        usd = max(usd, cost.total_usd if cost is not None else Decimal(0))
        tokens = max(tokens, prompt_tokens + longest)
    return Amount(usd, tokens)


def is_paid(route: Route) -> bool:
    """Whether any candidate of a route may ask for money."""
    now = datetime.now(UTC)
    return any(_is_paid(candidate, now) for candidate in route.candidates)


def charge_of(routed: Routed, usage: TokenUsage) -> Charge:
    """What a call cost."""
    now = datetime.now(UTC)
    cost = routed.cost(usage, now)
    tokens = usage.prompt_tokens + usage.completion_tokens
    return Charge(
        amount=Amount(cost.total_usd if cost is not None else Decimal(0), tokens),
        provider=routed.provider,
        model=routed.model,
        price_source=cost.source if cost is not None else None,
        is_paid=_is_paid(routed.candidate, now),
    )


def cut_usage(routed: Routed, request: GenerationRequest, said: str) -> TokenUsage:
    """What a call that was cut after its first word has used: its provider counts the prompt and what it has said.

    Args:
        routed: Who answered.
        request: What was asked.
        said: The text so far.
    """
    if routed.provider == EXTRACTIVE:  # it reads the question, and no prompt
        return TokenUsage(estimated_tokens(request.question), estimated_tokens(said), is_estimated=True)
    return TokenUsage(estimated_request_tokens(request), estimated_tokens(said), is_estimated=True)


def _is_paid(candidate: Candidate, now: datetime) -> bool:
    if candidate.provider.name == EXTRACTIVE:
        return False
    if candidate.rates is not None:
        return candidate.rates.input > 0 or candidate.rates.output > 0
    cost = most_it_can_cost(candidate.provider.name, candidate.model, prompt_tokens=1, max_tokens=1, at=now)
    return cost is None or cost.source != SELF_HOSTED
