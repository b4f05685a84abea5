"""The command line and the environment of a vLLM server."""

import os
import shlex
from pathlib import Path

from serving.inference.vllm.adapters import Adapter, reserved_rank
from serving.inference.vllm.device import Device, DeviceKind
from serving.inference.vllm.limits import ServerLimits
from serving.inference.vllm.model_files import ModelFiles
from serving.inference.vllm.settings import VllmSettings
from serving.inference.vllm.state import ServerState

_DOOR = Path(__file__).parent / "door"


def plan_server(
    source: str,
    model: ModelFiles | None,
    device: Device,
    limits: ServerLimits,
    *,
    environment: Path,
    adapters: list[Adapter],
    settings: VllmSettings,
) -> ServerState:
    """How a server is started.

    Args:
        source: Folder of the model, or its name in a hub.
        model: Its files, when they are here.
        device: What it runs on.
        limits: How much it takes on.
        environment: Its environment.
        adapters: What will be loaded once it runs.
        settings: What the operator set.
    """
    name = model.name if model is not None else source
    most = max(settings.max_loras, len({adapter.name for adapter in adapters}))
    rank = reserved_rank(adapters) if most else 0
    place = str(Path(source).expanduser().resolve()) if model is not None else source
    arguments = [
        *_program(environment, device, place),
        "--served-model-name", name,
        "--host", "127.0.0.1",
        "--port", str(settings.port),
        *_sizes(device, limits, settings),
        # Sampling follows from the request alone, not from a file beside the weights.
        "--generation-config", "vllm",
        "--enable-prefix-caching",
        "--enable-prompt-tokens-details",
        "--middleware", "pixel_door.Door",
        "--disable-fastapi-docs",
        "--shutdown-timeout", "20",
        # One more than may be named, so that a newer one can be proven beside the one that it replaces.
        *(["--enable-lora", "--max-loras", str(most + 1), "--max-cpu-loras", str(most + 1)] if most else []),
        *(["--max-lora-rank", str(rank)] if most else []),
        *shlex.split(settings.extra_arguments),
    ]  # fmt: skip
    return ServerState(
        model=name,
        source=place,
        environment=environment,
        arguments=tuple(arguments),
        variables=_variables(environment, device, limits, is_local=model is not None, has_adapters=most > 0),
        port=settings.port,
        device=f"{device.name} x {device.count}" if device.count > 1 else device.name,
        max_model_len=limits.max_model_len,
        max_running=limits.max_running,
        max_rank=rank,
        max_adapters=most,
    )


def _program(environment: Path, device: Device, place: str) -> list[str]:
    python = str(environment / "bin" / "python")
    if device.kind is DeviceKind.CUDA:
        return [python, str(environment / "bin" / "vllm"), "serve", place]
    # The `vllm` script looks for the metadata of a package that has another name in the build for CPUs.
    return [python, "-m", "vllm.entrypoints.openai.api_server", "--model", place]


def _sizes(device: Device, limits: ServerLimits, settings: VllmSettings) -> list[str]:
    sizes = ["--max-num-seqs", str(limits.max_running)]
    # vLLM finds the longest that fits by itself.
    sizes += ["--max-model-len", str(limits.max_model_len or "auto")]
    if device.kind is DeviceKind.CUDA:
        sizes += ["--gpu-memory-utilization", str(settings.gpu_memory_utilization)]
        sizes += ["--tensor-parallel-size", str(limits.tensor_parallel)]
    else:
        # Compiling takes minutes and a compiler; a CPU is for trying out.
        sizes += ["--enforce-eager"]
    return sizes


def _variables(
    environment: Path, device: Device, limits: ServerLimits, *, is_local: bool, has_adapters: bool
) -> dict[str, str]:
    variables = {
        "PIXEL_DOOR_MOST": str(limits.max_inside),
        "PYTHONPATH": str(_DOOR),
        # Nothing is imported from the folder that the command was typed in.
        "PYTHONSAFEPATH": "1",
        "PATH": f"{environment / 'bin'}:/usr/local/cuda/bin:/usr/local/bin:/usr/bin:/bin",
        "VLLM_NO_USAGE_STATS": "1",
        "VLLM_DO_NOT_TRACK": "1",
        "HF_HUB_OFFLINE": "1" if is_local else "0",
    }
    if has_adapters:
        variables["VLLM_ALLOW_RUNTIME_LORA_UPDATING"] = "1"
    if device.kind is DeviceKind.CPU:
        variables["VLLM_CPU_KVCACHE_SPACE"] = str(limits.cpu_cache_gib)
        # Its threads wait by spinning, which would leave the server itself no time to send anything.
        variables["VLLM_CPU_NUM_OF_RESERVED_CPU"] = "1" if (os.cpu_count() or 1) > 1 else "0"
        variables["PIXEL_DOOR_SLEEPS"] = "1"
    return variables
