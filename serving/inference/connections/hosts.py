"""Which addresses model connections may have.

Hosted providers are where their makers say. Everything else, a gateway or a server of one's own, is at a host that the
operator named: whoever manages an organization must not be able to make this server call into its network.
"""

import httpx2

from serving.inference.connections.errors import ConnectionAddressError
from storage.addresses import AddressError, parsed_url, port_of
from storage.postgres.models.model_connection import ModelProvider

DEFAULT_URLS = {
    ModelProvider.OPENAI: "https://api.openai.com/v1",
    ModelProvider.ANTHROPIC: "https://api.anthropic.com",
    ModelProvider.GOOGLE: "https://generativelanguage.googleapis.com",
    ModelProvider.OLLAMA: "http://127.0.0.1:11434/v1",
}


class ModelHosts:
    """The hosts that the operator named, each with a port or with all of them.

    Args:
        named: For example `gpu.intern, 10.0.0.7:8001, [fd00::7]:8001`.
    """

    def __init__(self, named: str) -> None:
        self._places = [_place(part.strip().lower()) for part in named.split(",") if part.strip()]

    def has(self, url: httpx2.URL) -> bool:
        """Whether the operator named the host of an address."""
        host = _host(url)
        return any(host == named and port in (None, port_of(url)) for named, port in self._places)


def checked_base_url(provider: ModelProvider, base_url: str | None, hosts: ModelHosts) -> tuple[str, bool]:
    """The address of a connection, and whether its host may be of the own network.

    Args:
        provider: Whose protocol is spoken there.
        base_url: Where; the provider's own address unless given.
        hosts: What the operator named.

    Raises:
        ConnectionAddressError: It is no address, or one that may not be called.
    """
    wanted = base_url or DEFAULT_URLS.get(provider)
    if wanted is None:
        raise ConnectionAddressError(
            f"A connection of {provider} needs `base_url`, for example http://127.0.0.1:8001/v1"
        )
    try:
        url = parsed_url(wanted)
    except AddressError as error:
        raise ConnectionAddressError(f"base_url: {error}") from error
    if url.query or url.fragment:
        raise ConnectionAddressError("base_url: a question mark or # has no place in it; give the path alone")
    is_named = hosts.has(url)
    if not is_named and not is_official(provider, url):
        official = DEFAULT_URLS.get(provider) if not provider.is_self_hosted else None
        raise ConnectionAddressError(
            f"base_url: the host {_host(url)} (port {port_of(url)}) may not be called. "
            + (f"{provider} is at {official}; another host" if official else "It")
            + " must be named by the operator in PIXEL_API_MODEL_HOSTS."
        )
    return str(url).rstrip("/"), is_named


def is_official(provider: ModelProvider, url: httpx2.URL) -> bool:
    """Whether an address is the hosted provider's own, over TLS."""
    if provider.is_self_hosted:
        return False
    return origin(str(url)) == origin(DEFAULT_URLS[provider])


def origin(base_url: str) -> tuple[str, str, int]:
    """Scheme, host and port: what a key is bound to."""
    url = httpx2.URL(base_url)
    return url.scheme, _host(url), port_of(url)


def _host(url: httpx2.URL) -> str:
    return url.raw_host.decode("ascii").rstrip(".").lower()


def _place(named: str) -> tuple[str, int | None]:
    if named.startswith("["):
        host, _, port = named[1:].partition("]")
        port = port.removeprefix(":")
    elif named.count(":") > 1:
        host, port = named, ""
    else:
        host, _, port = named.partition(":")
    return host.rstrip("."), int(port) if port.isdecimal() else None
