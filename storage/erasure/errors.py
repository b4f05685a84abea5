"""Errors of erasing."""

from storage.errors import StorageError


class ErasureError(StorageError):
    """An erasure cannot be carried out; the message says why, and what to do."""
