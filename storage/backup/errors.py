"""Errors of backups and restores."""

from storage.errors import StorageError


class BackupError(StorageError):
    """A backup cannot be made; nothing half-done is left that could be taken for one."""


class DamagedBackupError(BackupError):
    """A backup is not what its manifest says."""


class RestoreError(StorageError):
    """A backup cannot be restored here; the message says why, and what to do."""
