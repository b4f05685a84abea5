"""Settings of the embedder, read from the environment (prefix `PIXEL_EMBEDDING_`)."""

from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from storage.settings import StorageSettings


class EmbeddingSettings(BaseSettings):
    """What runs the embedding model."""

    model_config = SettingsConfigDict(env_prefix="PIXEL_EMBEDDING_", env_file=".env", extra="ignore")

    backend: Literal["auto", "cuda", "openvino", "onnx", "torch"] = Field(
        default="auto", description="engine that runs the model; auto takes the fastest that works here"
    )
    precision: Literal["auto", "f32", "bf16"] = Field(
        default="auto",
        description="what GPU and OpenVINO compute in; auto is 16 bits on a GPU, and bf16 where the processor has it",
    )
    models: Path | None = Field(
        default=None,
        description="folder of further models that indexes may use by name; <home>/embedding-models if unset",
    )
    threads: int | None = Field(default=None, ge=1, description="threads of the engine; up to 4 cores when not set")

    def models_path(self, storage: StorageSettings) -> Path:
        """The folder of further models, absolute."""
        return (self.models or storage.home_path / "embedding-models").expanduser().absolute()


@lru_cache
def embedding_settings() -> EmbeddingSettings:
    """The settings of this process, read once."""
    return EmbeddingSettings()
