"""Settings of ingestion, read from the environment (prefix `PIXEL_INGEST_`)."""

from functools import lru_cache
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class IngestSettings(BaseSettings):
    """Limits and habits of the ingest worker."""

    model_config = SettingsConfigDict(env_prefix="PIXEL_INGEST_", env_file=".env", extra="ignore")

    max_file_bytes: int = Field(default=50_000_000, gt=0, description="largest document accepted")
    max_text_characters: int = Field(default=20_000_000, gt=0, description="most text read from one document")
    parse_seconds: float = Field(default=20.0, gt=0, description="wall time that one document may take to read")
    ocr_seconds: float = Field(default=300.0, gt=0, description="wall time where pictures may have to be read")
    parse_cpu_seconds: int = Field(default=15, gt=0, description="CPU time that one document may take to read")
    parse_memory_mb: int = Field(default=512, ge=128, description="memory that reading one document may take")
    workers: int = Field(default=2, ge=1, le=64, description="documents in work at once in one process")
    parse_workers: int = Field(default=2, ge=1, le=64, description="parser processes, so documents read at once")
    parse_reuse: int = Field(default=200, gt=0, description="documents per parser process before it is replaced")
    chunker: Literal["fixed", "headings", "pages", "recursive", "semantic", "sentences", "tables"] = Field(
        default="headings", description="how documents are cut in a new index"
    )
    chunk_tokens: int = Field(default=200, ge=16, le=250, description="most tokens in a passage")
    chunk_overlap_tokens: int = Field(default=30, ge=0, le=100, description="most tokens repeated between passages")
    lease_seconds: float = Field(default=30.0, gt=0, description="how long a silent worker keeps a job")
    max_attempts: int = Field(default=5, ge=1, description="tries before a job fails for good")
    retry_seconds: float = Field(default=1.0, ge=0, description="pause before the second try; doubles each time")
    poll_seconds: float = Field(default=0.5, gt=0, description="longest wait before new work is seen")
    retired_indexes_kept: int = Field(
        default=1, ge=0, le=10, description="index versions that were live before and are kept to go back to"
    )
    passwords: list[SecretStr] = Field(
        default=[], description='passwords to try on protected documents, for example ["one", "two"]'
    )
    ocr_languages: str = Field(
        default="eng+deu+fra+spa", description="Tesseract languages, the likeliest first; empty: no OCR"
    )


@lru_cache
def ingest_settings() -> IngestSettings:
    """The settings of this process, read once."""
    return IngestSettings()


class CrashSettings(BaseSettings):
    """Where a test wants the process to die."""

    model_config = SettingsConfigDict(env_prefix="PIXEL_", extra="ignore")

    crash_at: str | None = Field(default=None, description="for tests: a name of ingestion/crash_points.py")


def crash_settings() -> CrashSettings:
    """Read anew: only a process that is about to be killed asks."""
    return CrashSettings()
