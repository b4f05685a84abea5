"""Settings of backups, read from the environment (prefix `PIXEL_BACKUP_`)."""

from functools import lru_cache
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from storage.settings import StorageSettings


class BackupSettings(BaseSettings):
    """Where scheduled backups go, how many are kept, and how quick a recovery must be."""

    model_config = SettingsConfigDict(env_prefix="PIXEL_BACKUP_", env_file=".env", extra="ignore")

    folder: Path | None = Field(
        default=None, description="folder of scheduled backups, best on another disk; <home>/backups if unset"
    )
    keep: int = Field(default=7, ge=1, description="whole backups that are kept; older ones are removed")
    recovery_seconds: float = Field(default=300.0, gt=0, description="longest recovery that a restore drill may take")

    def folder_of(self, storage: StorageSettings) -> Path:
        """The folder of scheduled backups, absolute."""
        return (self.folder or storage.home_path / "backups").expanduser().absolute()


@lru_cache
def backup_settings() -> BackupSettings:
    """The settings of this process, read once."""
    return BackupSettings()
