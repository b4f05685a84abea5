"""The providers of a process: one for each connection, so that its calls share network connections."""

import asyncio
import json
import uuid
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from serving.inference.connections.hosts import ModelHosts, checked_base_url
from serving.inference.providers.endpoint import Endpoint
from serving.inference.providers.limits import CallLimits
from serving.inference.providers.opening import ConnectedProvider, open_provider
from storage.postgres.models.model_connection import ModelConnection, ModelProvider
from storage.secrets.envelope import Place
from storage.secrets.vault import Vault

# What a provider was opened with; when any of it changes, it is opened anew.
_Version = tuple[str, str | None, str | None, str]


@dataclass(frozen=True)
class _Opened:
    version: _Version
    provider: ConnectedProvider
    total_s: float


class ConnectionPool:
    """Opens providers at their first use and keeps them.

    Args:
        vault: Opens the keys.
        hosts: The hosts that the operator named.
    """

    def __init__(self, vault: Vault, hosts: ModelHosts) -> None:
        self._vault = vault
        self._hosts = hosts
        self._opened: dict[uuid.UUID, _Opened] = {}
        self._retiring: set[asyncio.Task[None]] = set()

    async def provider(self, session: AsyncSession, row: ModelConnection) -> ConnectedProvider:
        """The provider of a connection as it is stored now.

        Raises:
            ConnectionAddressError: The operator does not allow its host any more.
            SecretError: Its key does not open.
        """
        version = (row.provider, row.base_url, row.key_fingerprint, json.dumps(row.limits, sort_keys=True))
        known = self._opened.get(row.id)
        if known is not None and known.version == version:
            return known.provider
        kind = ModelProvider(row.provider)
        base_url, is_named = checked_base_url(kind, row.base_url, self._hosts)
        limits = CallLimits.model_validate(row.limits)
        key = None
        if row.sealed_key is not None:
            place = Place(row.organization_id, ModelConnection.__tablename__, "sealed_key", row.id)
            key = await self._vault.open(session, place, row.sealed_key)
        opened = open_provider(Endpoint(row.id, kind, base_url, key, is_named, limits))
        made = _Opened(version, opened, limits.total_s)
        replaced = self._opened.get(row.id)
        self._opened[row.id] = made
        if replaced is not None:
            self._retire(replaced.provider, after_s=replaced.total_s)
        return made.provider

    def forget(self, connection_id: uuid.UUID) -> None:
        """A connection was removed: its provider is closed when no stream of it can be left."""
        known = self._opened.pop(connection_id, None)
        if known is not None:
            self._retire(known.provider, after_s=known.total_s)

    async def close(self) -> None:
        """End every connection, also of streams that still run."""
        for task in list(self._retiring):
            task.cancel()
        await asyncio.gather(*self._retiring, return_exceptions=True)
        opened, self._opened = self._opened, {}
        for one in opened.values():
            await one.provider.aclose()

    def _retire(self, provider: ConnectedProvider, *, after_s: float) -> None:
        """Close a provider when no stream of it can be left."""

        async def close() -> None:
            try:
                await asyncio.sleep(after_s)
            finally:
                await provider.aclose()

        task = asyncio.create_task(close())
        self._retiring.add(task)
        task.add_done_callback(self._retiring.discard)
