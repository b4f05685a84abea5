"""A bot's routing -> a route whose candidates are ready to be called."""

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from serving.inference.connections.errors import ConnectionAddressError
from serving.inference.connections.pool import ConnectionPool
from serving.inference.connections.repository import ModelRow
from serving.inference.parameters import accepted_parameters
from serving.inference.pricing.prices import Rates, price
from serving.inference.provider import Provider, TokenUsage
from serving.inference.routing.config import RoutingConfig
from serving.inference.routing.route import Candidate, Route
from storage.errors import SecretError
from storage.postgres.models.model_connection import ModelProvider
from storage.postgres.models.organization_model import OrganizationModel

# A grounded answer of usual length, to compare prices by.
_USUAL = TokenUsage(prompt_tokens=2000, completion_tokens=200)

log = structlog.get_logger(__name__)


class RouteResolver:
    """Looks the models of a bot up, in the transaction that opens a turn.

    Args:
        connections: The providers of the process.
        extractive: Answers for bots without models, and as the last resort of others.
        extractive_model: Its model's name.
    """

    def __init__(self, connections: ConnectionPool, extractive: Provider, extractive_model: str) -> None:
        self._connections = connections
        self._extractive = Candidate(extractive, extractive_model)

    async def resolve(self, session: AsyncSession, config: RoutingConfig, rows: Mapping[uuid.UUID, ModelRow]) -> Route:
        """The route of a bot. Models that are gone, switched off or cannot be opened are left out of it.

        Args:
            session: The transaction that opens the turn.
            config: The bot's routing.
            rows: The models that it names, those that are here, with their connections.
        """
        if not config.candidates:
            return Route((self._extractive,))
        found = [
            await self._candidate(session, rows[wanted.model_id], wanted.parameters)
            for wanted in config.candidates
            if wanted.model_id in rows
        ]
        return Route(
            candidates=tuple(candidate for candidate in found if candidate is not None),
            rule=config.rule,
            least_quality=config.least_quality,
            last_resort=self._extractive if config.falls_back_to_extractive else None,
            total_s=config.total_s,
        )

    async def _candidate(self, session: AsyncSession, row: ModelRow, parameters: Mapping[str, Any]) -> Candidate | None:
        model, connection = row
        if not model.is_enabled or not connection.is_enabled:
            return None
        try:
            provider = await self._connections.provider(session, connection)
        except (ConnectionAddressError, SecretError) as error:
            log.error("connection_unusable", connection_id=str(connection.id), error=type(error).__name__)
            return None
        kind, rates = ModelProvider(connection.provider), rates_of(model)
        cost = price(kind, model.name, _USUAL, datetime.now(UTC), rates=rates)
        return Candidate(
            provider=provider,
            model=model.name,
            connection_id=connection.id,
            model_id=model.id,
            key_fingerprint=connection.key_fingerprint,
            parameters=parameters,
            accepted=accepted_parameters(kind, has_sampling=model.has_sampling),
            max_output_tokens=model.max_output_tokens,
            rates=rates,
            expected_usd=cost.total_usd if cost is not None else None,
            quality=model.quality_score,
            adapter_hash=model.adapter_hash,
            has_tools=model.has_tools,
        )


def rates_of(model: OrganizationModel) -> Rates | None:
    """The organization's own price of a model, if it gave one."""
    if model.input_usd_per_million is None or model.output_usd_per_million is None:
        return None
    cached: Decimal | None = model.cached_input_usd_per_million
    return Rates(model.input_usd_per_million, model.output_usd_per_million, cached)
