"""What the header of an adapter's weights says, read without reading the weights."""

import json
from pathlib import Path
from typing import Any

_LENGTH_BYTES = 8
_MOST_HEADER_BYTES = 100 * 1024 * 1024
_SIZES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "F8_E4M3": 1, "F8_E5M2": 1}
_A, _B = ".lora_A.", ".lora_B."


def weights_problem(file: Path, most_rank: int) -> str | None:
    """What is wrong with the weights of a LoRA adapter; None when nothing shows.

    Args:
        file: A safetensors file.
        most_rank: The largest rank that its configuration names.
    """
    try:
        tensors, data_bytes = _header(file)
        sizes = {name: _checked_size(name, one, data_bytes) for name, one in tensors.items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return f"is no whole safetensors file ({error})"
    firsts = {name for name in sizes if _A in name}
    seconds = {name for name in sizes if _B in name}
    if not firsts or {name.replace(_A, _B) for name in firsts} != seconds:
        return "does not hold a lora_A and a lora_B for each of its layers"
    ranks = {tensors[name]["shape"][0] for name in firsts}
    if max(ranks) > most_rank:
        return f"has rank {max(ranks)}, where the configuration says {most_rank}"
    return None


def _header(file: Path) -> tuple[dict[str, Any], int]:
    total = file.stat().st_size
    with file.open("rb") as handle:
        length = int.from_bytes(handle.read(_LENGTH_BYTES), "little")
        if not 0 < length <= min(_MOST_HEADER_BYTES, total - _LENGTH_BYTES):
            raise ValueError("its header has no possible length")
        header = json.loads(handle.read(length))
    header.pop("__metadata__", None)
    return header, total - _LENGTH_BYTES - length


def _checked_size(name: str, tensor: dict[str, Any], data_bytes: int) -> int:
    begin, end = tensor["data_offsets"]
    size = _SIZES[tensor["dtype"]]
    for extent in tensor["shape"]:
        size *= extent
    if not 0 <= begin <= end <= data_bytes or end - begin != size:
        raise ValueError(f"{name} is cut off")
    return size
