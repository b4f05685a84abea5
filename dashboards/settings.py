"""Settings of the dashboards, read from the environment (prefix `PIXEL_DASHBOARD_`)."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class DashboardSettings(BaseSettings):
    """Where the API is, for the dashboards and for people's browsers."""

    model_config = SettingsConfigDict(env_prefix="PIXEL_DASHBOARD_", env_file=".env", extra="ignore")

    api_url: str = Field(default="http://127.0.0.1:8000", description="address of the API, as the dashboards reach it")
    chat_url: str | None = Field(
        default=None,
        description="address of the API as people's browsers reach it, for links to chat pages; the one above if unset",
    )


def dashboard_settings() -> DashboardSettings:
    """The settings, read at each call: reading them costs little."""
    return DashboardSettings()
