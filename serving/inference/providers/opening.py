"""Opens the adapter of a connection's protocol; its SDK is imported then, and not before."""

from typing import Protocol

from serving.inference.provider import Provider
from serving.inference.providers.endpoint import Endpoint
from serving.inference.providers.transport import Resolve
from storage.postgres.models.model_connection import ModelProvider


class ConnectedProvider(Provider, Protocol):
    """A provider over the network."""

    async def models(self) -> list[str]:
        """Names of the models that it offers. Raises ProviderError when it does not say."""
        ...

    async def aclose(self) -> None:
        """End its connections."""
        ...


def open_provider(endpoint: Endpoint, *, resolve: Resolve | None = None) -> ConnectedProvider:
    """The adapter for an endpoint; close it when it is not needed any more.

    Args:
        endpoint: Where it is.
        resolve: Looks up the addresses of a host; the system's way unless given.
    """
    if endpoint.provider is ModelProvider.ANTHROPIC:
        from serving.inference.providers.anthropic import AnthropicProvider

        return AnthropicProvider(endpoint, resolve=resolve)
    if endpoint.provider is ModelProvider.GOOGLE:
        from serving.inference.providers.google import GoogleProvider

        return GoogleProvider(endpoint, resolve=resolve)
    from serving.inference.providers.openai_compatible import OpenAICompatibleProvider

    return OpenAICompatibleProvider(endpoint, resolve=resolve)
