"""Settings of sources, read from the environment (prefix `PIXEL_SOURCES_`)."""

from functools import lru_cache

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


def _listed(text: str) -> frozenset[str]:
    return frozenset(part.strip().lower() for part in text.split(",") if part.strip())


class SourceSettings(BaseSettings):
    """What may be fetched, from where, and for how long."""

    model_config = SettingsConfigDict(env_prefix="PIXEL_SOURCES_", env_file=".env", extra="ignore")

    private_hosts: str = Field(
        default="", description="comma-separated host names that may have private addresses, for example wiki.intern"
    )
    ports: str = Field(default="80,443", description="comma-separated ports that pages may be fetched from")
    fetch_seconds: float = Field(default=60.0, gt=0, description="wall time that fetching one address may take")
    max_addresses: int = Field(default=50_000, gt=0, description="most addresses read from one sitemap")

    @property
    def private_host_names(self) -> frozenset[str]:
        """The hosts of `private_hosts`."""
        return _listed(self.private_hosts)

    @property
    def port_numbers(self) -> frozenset[int]:
        """The ports of `ports`."""
        return frozenset(int(part) for part in _listed(self.ports))


@lru_cache
def source_settings() -> SourceSettings:
    """The settings of this process, read once."""
    return SourceSettings()
