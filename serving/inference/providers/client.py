"""The HTTP client of one model connection, as the SDKs are given it."""

import httpx2

from serving.inference.providers.endpoint import Endpoint
from serving.inference.providers.transport import Resolve, StreamingTransport


def http_client(endpoint: Endpoint, *, resolve: Resolve | None = None) -> httpx2.AsyncClient:
    """A client whose connections go to checked addresses only and that follows no redirect.

    Args:
        endpoint: The connection that it serves.
        resolve: Looks up the addresses of a host; the system's way unless given.
    """
    transport = StreamingTransport(
        connect_s=endpoint.limits.connect_s,
        max_bytes=endpoint.limits.max_bytes,
        may_be_private=endpoint.may_be_private,
        resolve=resolve,
    )
    # Packed responses would hold tokens back until a block of them is full.
    headers = {"Accept-Encoding": "identity"}
    return httpx2.AsyncClient(
        transport=transport, headers=headers, timeout=None, follow_redirects=False, trust_env=False
    )
