"""How much a server takes on: what follows from the memory of the device and the files of the model."""

from dataclasses import dataclass

from serving.inference.vllm.device import Device, DeviceKind
from serving.inference.vllm.errors import DeviceError
from serving.inference.vllm.model_files import ModelFiles
from serving.inference.vllm.settings import VllmSettings

GIB = 1024**3
# Activations, CUDA graphs and the libraries themselves, per GPU.
_OVERHEAD_BYTES = 3 * GIB
# A grounded question with its passages and its answer.
USUAL_TOKENS = 4096
LONGEST_CONTEXT = 32768
# Beyond this many answers at once a GPU gives each too few tokens a second for a reader.
_MOST_RUNNING = 256
_MOST_RUNNING_ON_CPU = 8
_MOST_CPU_CACHE_GIB = 8
_SHARE_OF_CPU = 0.9


@dataclass(frozen=True)
class ServerLimits:
    """What a server is started with.

    Attributes:
        max_model_len: Longest prompt with its answer; None lets vLLM choose.
        max_running: Answers at once.
        max_inside: Requests that are running or waiting; more are refused.
        tensor_parallel: GPUs that share the model.
        cpu_cache_gib: Memory of the KV cache on a CPU.
    """

    max_model_len: int | None
    max_running: int
    max_inside: int
    tensor_parallel: int = 1
    cpu_cache_gib: int = 0


def derive_limits(device: Device, model: ModelFiles | None, settings: VllmSettings) -> ServerLimits:
    """The limits of a server; what the settings name goes before what follows from the device.

    Args:
        device: What it runs on.
        model: The model's files; None when they are not here yet.
        settings: What the operator set.

    Raises:
        DeviceError: The model does not fit into the device's memory.
    """
    parallel = _parallel(device, model)
    cpu_cache_gib = _cpu_cache_gib(device, model, settings) if device.kind is DeviceKind.CPU else 0
    most = _MOST_RUNNING_ON_CPU if device.kind is DeviceKind.CPU else _MOST_RUNNING
    if model is None:
        running = settings.max_num_seqs or min(most, 64)
        length = settings.max_model_len
    else:
        cache = cpu_cache_gib * GIB or _gpu_cache_bytes(device, model, settings, parallel)
        tokens = cache // model.cache_bytes_per_token
        if tokens < min(USUAL_TOKENS, model.context) or _exceeds_cpu(device, model, cpu_cache_gib):
            raise DeviceError(_too_large(device, model, tokens))
        length = settings.max_model_len or int(min(model.context, LONGEST_CONTEXT, tokens))
        running = settings.max_num_seqs or int(max(1, min(most, tokens // min(USUAL_TOKENS, length))))
    waiting = running if settings.max_waiting is None else settings.max_waiting
    return ServerLimits(length, running, running + waiting, parallel, cpu_cache_gib)


def _parallel(device: Device, model: ModelFiles | None) -> int:
    """As few GPUs as hold the model twice over: each further one costs time for talking to the others."""
    if device.kind is DeviceKind.CPU or model is None:
        return 1 if device.kind is DeviceKind.CPU else device.count
    needed = 1
    while needed < device.count and needed * device.memory_bytes * 0.5 < model.weights_bytes:
        needed *= 2
    while needed > 1 and model.kv_heads % needed and needed % model.kv_heads:
        needed //= 2
    return needed


def _gpu_cache_bytes(device: Device, model: ModelFiles, settings: VllmSettings, parallel: int) -> int:
    usable = int(device.memory_bytes * settings.gpu_memory_utilization) - _OVERHEAD_BYTES
    return max(0, usable * parallel - model.weights_bytes)


def _cpu_cache_gib(device: Device, model: ModelFiles | None, settings: VllmSettings) -> int:
    if settings.cpu_cache_gib is not None:
        return settings.cpu_cache_gib
    weights = model.weights_bytes if model is not None else 0
    free_gib = int((device.memory_bytes * 0.6 - weights) // GIB)
    # The product itself runs on the same memory.
    return max(1, min(_MOST_CPU_CACHE_GIB, free_gib // 4))


def _exceeds_cpu(device: Device, model: ModelFiles, cache_gib: int) -> bool:
    """Whether weights and cache take more of a CPU's memory than the rest of the machine can spare."""
    return device.kind is DeviceKind.CPU and model.weights_bytes + cache_gib * GIB > device.memory_bytes * _SHARE_OF_CPU


def _too_large(device: Device, model: ModelFiles, tokens: int) -> str:
    total = device.memory_bytes * device.count / GIB
    if device.kind is DeviceKind.CPU:
        return (
            f"The model {model.name} does not fit: {model.weights_bytes / GIB:.1f} GiB of weights and the cache of conversations "
            f"take more than {_SHARE_OF_CPU:.0%} of the {total:.1f} GiB of {device.name}. Take a smaller or quantized model, "
            "lower PIXEL_VLLM_CPU_CACHE_GIB, or take a larger machine"
        )
    return (
        f"The model {model.name} does not fit: {model.weights_bytes / GIB:.1f} GiB of weights leave room for {max(0, tokens)} "
        f"tokens of conversations in the {total:.1f} GiB of {device.name}. Take a smaller or quantized model, or a larger device"
    )
