"""Errors of the stores."""


class StorageError(Exception):
    """Something in a store is not as it must be; the message says what, and what to do."""


class DatabaseUnavailableError(StorageError):
    """PostgreSQL cannot be reached or will not start. Transient: worth trying again."""


class ConfigurationError(StorageError):
    """A setting is missing or contradicts another one."""


class IndexUnavailableError(StorageError):
    """A vector table is missing or unreadable; `pixel verify` rebuilds it from Postgres."""


class IndexMismatchError(StorageError):
    """Query and index disagree about the embedding model or its dimension."""


class FileMissingError(StorageError):
    """A stored file that the ledger names is not in the file store."""


class FenceError(StorageError):
    """A newer worker holds the lease; this one must drop its work."""


class SecretError(StorageError):
    """A secret does not open: it was changed, moved, or its key is not here."""
