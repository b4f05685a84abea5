"""Settings of the vLLM server that `pixel up --with vllm` starts, read from the environment (prefix `PIXEL_VLLM_`)."""

from functools import lru_cache

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class VllmSettings(BaseSettings):
    """How the vLLM server of this machine runs; what is not set follows from the device."""

    model_config = SettingsConfigDict(env_prefix="PIXEL_VLLM_", env_file=".env", extra="ignore")

    port: int = Field(default=8001, ge=1, le=65535, description="port that vLLM listens on, on this machine only")
    max_model_len: int | None = Field(default=None, ge=256, description="longest prompt with its answer, in tokens")
    max_num_seqs: int | None = Field(default=None, ge=1, le=4096, description="answers that vLLM works on at once")
    max_waiting: int | None = Field(
        default=None, ge=0, description="requests that wait for a place; more are refused; as many as run if unset"
    )
    gpu_memory_utilization: float = Field(
        default=0.9, gt=0.1, le=0.98, description="share of the GPU's memory that vLLM takes"
    )
    cpu_cache_gib: int | None = Field(default=None, ge=1, description="memory of the KV cache on a CPU, in GiB")
    max_loras: int = Field(
        default=4, ge=0, le=64, description="adapters that may be loaded at once; 0 switches adapters off"
    )
    extra_arguments: str = Field(
        default="", description="further arguments of vLLM, for example --quantization fp8 --kv-cache-dtype fp8"
    )
    start_seconds: float = Field(
        default=1800.0, gt=0, description="how long the server may take to load the model and answer"
    )
    drain_seconds: float = Field(
        default=60.0, ge=0, le=600, description="how long running answers may take to end before an adapter is changed"
    )
    torch_index: str | None = Field(
        default=None, description="package index of torch builds for CPUs; the usual one if unset"
    )


@lru_cache
def vllm_settings() -> VllmSettings:
    """The settings of this process, read once."""
    return VllmSettings()
