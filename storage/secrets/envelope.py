"""Envelope encryption: a data key for each organization, wrapped by a key from outside; AES-256-GCM both times.

What is sealed opens in its place only: organization, table, column, row and number of the data key are authenticated with
it, so a ciphertext that was moved to another row or another organization does not open there.
"""

import secrets
import struct
import uuid
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from storage.errors import SecretError
from storage.secrets.wrapping_keys import KEY_BYTES, WrappingKey

_FORMAT = 1
_HEAD = struct.Struct(">BI")
_NONCE_BYTES = 12


@dataclass(frozen=True)
class Place:
    """Where a secret is kept."""

    organization_id: uuid.UUID
    table: str
    column: str
    row_id: uuid.UUID

    def bound_to(self, number: int) -> bytes:
        """What is authenticated beside the secret."""
        return f"{self.organization_id}|{self.table}|{self.column}|{self.row_id}|{number}".encode()


def fresh_data_key() -> bytes:
    """A new data key."""
    return secrets.token_bytes(KEY_BYTES)


def wrap(wrapping: WrappingKey, data_key: bytes, organization_id: uuid.UUID, number: int) -> bytes:
    """A data key as the database keeps it."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + AESGCM(wrapping.key).encrypt(nonce, data_key, _wrapped_for(organization_id, number))


def unwrap(wrapping: WrappingKey, wrapped: bytes, organization_id: uuid.UUID, number: int) -> bytes:
    """The data key again.

    Raises:
        SecretError: It was changed, or belongs to another organization.
    """
    nonce, sealed = wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:]
    try:
        return AESGCM(wrapping.key).decrypt(nonce, sealed, _wrapped_for(organization_id, number))
    except (InvalidTag, ValueError) as error:
        raise SecretError(
            f"Data key {number} of organization {organization_id} does not open: it was changed."
        ) from error


def seal(data_key: bytes, number: int, place: Place, secret: str) -> bytes:
    """Encrypt a secret for its place, with the data key of a number."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return (
        _HEAD.pack(_FORMAT, number) + nonce + AESGCM(data_key).encrypt(nonce, secret.encode(), place.bound_to(number))
    )


def number_of(sealed: bytes) -> int:
    """The number of the data key that a secret was sealed with.

    Raises:
        SecretError: It is no sealed secret.
    """
    if len(sealed) < _HEAD.size + _NONCE_BYTES or sealed[0] != _FORMAT:
        raise SecretError("What is stored is no sealed secret. Enter the secret again.")
    return int(_HEAD.unpack_from(sealed)[1])


def unseal(data_key: bytes, place: Place, sealed: bytes) -> str:
    """The secret again.

    Raises:
        SecretError: It was changed, or sealed for another place.
    """
    number = number_of(sealed)
    body = sealed[_HEAD.size :]
    nonce, encrypted = body[:_NONCE_BYTES], body[_NONCE_BYTES:]
    try:
        return AESGCM(data_key).decrypt(nonce, encrypted, place.bound_to(number)).decode()
    except (InvalidTag, ValueError) as error:
        raise SecretError(
            f"The secret of {place.table} {place.row_id} does not open: it was changed, or belongs elsewhere. Enter it again."
        ) from error


def _wrapped_for(organization_id: uuid.UUID, number: int) -> bytes:
    return f"{organization_id}|data_keys|wrapped|{number}".encode()
