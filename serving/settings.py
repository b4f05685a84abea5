"""Settings of the API, read from the environment (prefix `PIXEL_API_`)."""

import ipaddress
from functools import lru_cache
from pathlib import Path

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from serving.conversations.streams.admission import AdmissionLimits


class ServingSettings(BaseSettings):
    """How the API listens and what it accepts."""

    model_config = SettingsConfigDict(env_prefix="PIXEL_API_", env_file=".env", extra="ignore")

    host: str = Field(default="127.0.0.1", description="address the API listens on")
    port: int = Field(default=8000, ge=1, le=65535, description="port the API listens on")
    trusted_proxies: str = Field(
        default="",
        description="comma-separated addresses or networks of proxies that say who asked and how (X-Forwarded-For, -Proto)",
    )
    max_upload_mb: int = Field(default=50, ge=1, description="largest upload, in MiB")
    session_hours: int = Field(default=12, ge=1, description="life of a sign-in session, in hours")
    sign_in_attempts: int = Field(default=5, ge=1, description="failed sign-ins per account and window")
    sign_in_attempts_per_address: int = Field(default=50, ge=1, description="failed sign-ins per address and window")
    sign_in_window_s: int = Field(default=900, ge=1, description="length of the sign-in window, in seconds")
    visitor_days: int = Field(
        default=30, ge=1, le=365, description="days after their last use that visitors and their chats are kept"
    )
    visitors_per_address: int = Field(default=30, ge=1, description="visits that an address may begin in a window")
    source_places: str = Field(
        default="", description="comma-separated folders and bucket addresses that sources added over the API may read"
    )

    max_answers: int = Field(default=1000, ge=1, description="answers that run at once in one process")
    max_answers_per_organization: int = Field(default=1000, ge=1, description="answers of one organization at once")
    max_waiting_per_organization: int = Field(default=100, ge=0, description="questions of one organization that wait")
    max_wait_s: float = Field(
        default=2.0, gt=0, description="longest wait for a place; longer ones are refused at once"
    )
    max_arriving: int = Field(
        default=100, ge=1, description="questions at once between their first byte and their place"
    )
    drain_s: float = Field(default=25.0, ge=0, le=30, description="how long answers may finish when the API stops")

    metrics_token: str | None = Field(
        default=None, description="bearer token for /metrics; without one only this machine may scrape"
    )
    otlp_endpoint: str | None = Field(default=None, description="OTLP/HTTP address that traces are sent to")

    model_hosts: str = Field(
        default="127.0.0.1,localhost,::1",
        description="comma-separated hosts, or host:port, that model connections may call beside the hosted providers' own",
    )
    reranker: Path | None = Field(default=None, description="folder of a cross-encoder that may reorder passages")

    @field_validator("trusted_proxies")
    @classmethod
    def _are_networks(cls, value: str) -> str:
        for one in filter(None, (part.strip() for part in value.split(","))):
            try:
                ipaddress.ip_network(one)
            except ValueError as error:
                raise ValueError(
                    f"`{one}` is no address or network; give for example 10.0.0.7 or 10.0.0.0/24 ({error})"
                ) from None
        return value

    @property
    def admission_limits(self) -> AdmissionLimits:
        """The limits on answers."""
        return AdmissionLimits(
            running=self.max_answers,
            running_per_organization=self.max_answers_per_organization,
            waiting_per_organization=self.max_waiting_per_organization,
            wait_s=self.max_wait_s,
            arriving=self.max_arriving,
        )

    @property
    def source_place_list(self) -> list[str]:
        """The places of `source_places`."""
        return [place.strip() for place in self.source_places.split(",") if place.strip()]


@lru_cache
def serving_settings() -> ServingSettings:
    """The settings of this process, read once."""
    return ServingSettings()
