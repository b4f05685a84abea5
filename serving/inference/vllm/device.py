"""What a model can run on here, and how much memory it has."""

import enum
import shutil
import subprocess
from dataclasses import dataclass

from serving.inference.vllm.errors import DeviceError

_QUERY_S = 20
# bfloat16 came with compute capability 8.0; what is older is not worth a server.
_LEAST_CAPABILITY = 7.5


class DeviceChoice(enum.StrEnum):
    """Where a model runs."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"


class DeviceKind(enum.StrEnum):
    """Which build of vLLM fits."""

    CPU = "cpu"
    CUDA = "cuda"


@dataclass(frozen=True)
class Device:
    """What a server runs on.

    Attributes:
        kind: Which build fits.
        name: For people and for the table of bandwidths.
        memory_bytes: Of one device.
        count: How many of them; the model is spread over all.
        capability: CUDA's compute capability; 0 on a CPU.
    """

    kind: DeviceKind
    name: str
    memory_bytes: int
    count: int = 1
    capability: float = 0.0


def find_device(choice: DeviceChoice) -> Device:
    """The device that was asked for; `auto` takes GPUs when there are any.

    Raises:
        DeviceError: There is none that fits.
    """
    if choice is DeviceChoice.CPU:
        return _cpu()
    gpus = _gpus()
    if gpus:
        return gpus_as_one(gpus)
    if choice is DeviceChoice.CUDA:
        raise DeviceError(
            "--vllm-device cuda: nvidia-smi finds no NVIDIA GPU here; install the driver, or take --vllm-device cpu"
        )
    return _cpu()


def parse_gpus(text: str) -> list[Device]:
    """GPUs from the lines of `nvidia-smi --query-gpu=name,memory.total,compute_cap --format=csv,noheader,nounits`."""
    found = []
    for line in text.splitlines():
        name, *numbers = (part.strip() for part in line.rsplit(",", 2))
        if len(numbers) == 2 and numbers[0].isdecimal():
            found.append(Device(DeviceKind.CUDA, name, int(numbers[0]) * 1024 * 1024, capability=_number(numbers[1])))
    return found


def gpus_as_one(gpus: list[Device]) -> Device:
    """All equal GPUs together.

    Raises:
        DeviceError: They are too old.
    """
    first = gpus[0]
    if first.capability < _LEAST_CAPABILITY:
        raise DeviceError(
            f"The GPU {first.name} has compute capability {first.capability}; vLLM needs {_LEAST_CAPABILITY} or newer. "
            "Take --vllm-device cpu, or another GPU"
        )
    same = sum(gpu.name == first.name for gpu in gpus)
    # The heads of a model are dealt out to the GPUs, which works for powers of two.
    count = 1 << (same.bit_length() - 1)
    return Device(DeviceKind.CUDA, first.name, first.memory_bytes, count, first.capability)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def _gpus() -> list[Device]:
    program = shutil.which("nvidia-smi")
    if program is None:
        return []
    query = [program, "--query-gpu=name,memory.total,compute_cap", "--format=csv,noheader,nounits"]
    try:
        told = subprocess.run(query, capture_output=True, text=True, timeout=_QUERY_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return []
    return parse_gpus(told.stdout) if told.returncode == 0 else []


def _cpu() -> Device:
    import platform

    import psutil

    return Device(DeviceKind.CPU, platform.machine(), psutil.virtual_memory().total)
