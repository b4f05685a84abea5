"""Settings of orchestration, read from the environment (prefix `PIXEL_`)."""

from functools import lru_cache
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from storage.settings import StorageSettings


class OrchestrationSettings(BaseSettings):
    """What sensors and schedules work on."""

    model_config = SettingsConfigDict(env_prefix="PIXEL_", env_file=".env", extra="ignore")

    organization: str | None = Field(default=None, description="slug of the organization that `pixel` works on")
    watch_folder: Path | None = Field(
        default=None, description="folder whose files are taken in; <home>/inbox if unset"
    )
    watch_knowledge_base: str = Field(default="default", description="knowledge base of the watched folder's files")

    def watched(self, storage: StorageSettings) -> Path:
        """The watched folder, absolute."""
        return (self.watch_folder or storage.home_path / "inbox").expanduser().absolute()


@lru_cache
def orchestration_settings() -> OrchestrationSettings:
    """The settings of this process, read once."""
    return OrchestrationSettings()
