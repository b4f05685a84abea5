"""The digest that Postgres and a vector table must agree on."""

import hashlib
import uuid
from collections.abc import Iterable

DIGEST_BYTES = 32


def chunk_digest(chunk_ids: Iterable[uuid.UUID]) -> bytes:
    """XOR of the SHA-256 of each chunk id: independent of order, cheap to update.

    Two equal ids cancel out, so it is always compared together with the count.

    Args:
        chunk_ids: Ids of the chunks.

    Returns:
        32 bytes; all zero for no chunks.
    """
    total = 0
    for chunk_id in chunk_ids:
        total ^= int.from_bytes(hashlib.sha256(chunk_id.bytes).digest(), "big")
    return total.to_bytes(DIGEST_BYTES, "big")
