"""Settings of the API, read from the environment (prefix `PIXEL_API_`)."""

from functools import lru_cache
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class ServingSettings(BaseSettings):
    """How the API listens and what it accepts."""

    model_config = SettingsConfigDict(env_prefix="PIXEL_API_", env_file=".env", extra="ignore")

    host: str = Field(default="127.0.0.1", description="address the API listens on")
    port: int = Field(default=8000, ge=1, le=65535, description="port the API listens on")
    max_upload_mb: int = Field(default=50, ge=1, description="largest upload, in MiB")
    session_hours: int = Field(default=12, ge=1, description="life of a sign-in session, in hours")
    sign_in_attempts: int = Field(default=5, ge=1, description="failed sign-ins per account and window")
    sign_in_attempts_per_address: int = Field(default=50, ge=1, description="failed sign-ins per address and window")
    sign_in_window_s: int = Field(default=900, ge=1, description="length of the sign-in window, in seconds")
    source_places: str = Field(
        default="", description="comma-separated folders and bucket addresses that sources added over the API may read"
    )

    model_hosts: str = Field(
        default="127.0.0.1,localhost,::1",
        description="comma-separated hosts, or host:port, that model connections may call beside the hosted providers' own",
    )
    reranker: Path | None = Field(default=None, description="folder of a cross-encoder that may reorder passages")

    @property
    def source_place_list(self) -> list[str]:
        """The places of `source_places`."""
        return [place.strip() for place in self.source_places.split(",") if place.strip()]


@lru_cache
def serving_settings() -> ServingSettings:
    """The settings of this process, read once."""
    return ServingSettings()
