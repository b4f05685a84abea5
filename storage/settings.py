"""Settings of the stores, read from the environment (prefix `PIXEL_`)."""

from functools import lru_cache
from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class StorageSettings(BaseSettings):
    """Where the stores live.

    With no setting at all everything is embedded under `home`; a server database or an object store is a setting away.
    """

    model_config = SettingsConfigDict(env_prefix="PIXEL_", env_file=".env", extra="ignore")

    home: Path = Field(default=Path(".pixel"), description="folder of the embedded stores and logs")
    database_url: str | None = Field(default=None, description="owner's URL of an external PostgreSQL 15+")
    app_database_url: str | None = Field(default=None, description="application role's URL there (no BYPASSRLS)")
    dagster_database_url: str | None = Field(default=None, description="URL of Dagster's own database there")
    files_url: str | None = Field(default=None, description="fsspec URL of the file store, for example s3://bucket/x")
    lance_url: str | None = Field(default=None, description="LanceDB URI, for example s3://bucket/lance")
    vector_memory_mb: int = Field(
        default=2048, ge=0, description="memory of each API process for vectors; tables beyond it are read from disk"
    )
    secret_key: SecretStr | None = Field(
        default=None, description="base64 of 32 bytes that wraps the keys of secrets; <home>/keys/wrapping.key if unset"
    )

    @property
    def home_path(self) -> Path:
        """The home folder, absolute."""
        return self.home.expanduser().absolute()

    @property
    def postgres_path(self) -> Path:
        """Data folder of the embedded PostgreSQL."""
        return self.home_path / "postgres"

    @property
    def lance_uri(self) -> str:
        """URI that LanceDB opens."""
        return self.lance_url or str(self.home_path / "lance")

    @property
    def files_uri(self) -> str:
        """URL that fsspec opens for originals and artefacts."""
        return self.files_url or str(self.home_path / "files")

    @property
    def logs_path(self) -> Path:
        """Folder of the structured logs."""
        return self.home_path / "logs"


@lru_cache
def storage_settings() -> StorageSettings:
    """The settings of this process, read once."""
    return StorageSettings()
