"""Settings of the command, read from the environment."""

from functools import lru_cache

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class CliSettings(BaseSettings):
    """Ports of what `pixel up` starts beside the API, and whose data the command works on."""

    model_config = SettingsConfigDict(env_prefix="PIXEL_", env_file=".env", extra="ignore")

    dashboard_port: int = Field(default=8501, ge=1, le=65535, description="port of the dashboards")
    dagster_port: int = Field(default=3000, ge=1, le=65535, description="port of Dagster's webserver")
    organization: str | None = Field(default=None, description="slug of the organization that `pixel` works on")
    owner_email: str = Field(default="owner@example.com", description="e-mail of the first owner")


@lru_cache
def cli_settings() -> CliSettings:
    """The settings of this process, read once."""
    return CliSettings()
