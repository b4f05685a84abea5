"""LoRA adapters on disk, as PEFT writes them: read, checked and hashed, and never executed."""

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path

from serving.inference.vllm.adapter_weights import weights_problem
from serving.inference.vllm.errors import AdapterError

CONFIG_FILE = "adapter_config.json"
WEIGHTS_FILE = "adapter_model.safetensors"
# vLLM reserves memory for one of these ranks.
RANKS = (8, 16, 32, 64, 128, 256, 320, 512)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_MOST_CONFIG_BYTES = 1024 * 1024
# Formats that run code when they are read; vLLM would take them where safetensors are missing.
_PICKLED = ("adapter_model.bin", "adapter_model.pt", "adapter_model.pth")


@dataclass(frozen=True)
class Adapter:
    """One adapter.

    Attributes:
        name: What requests call it by.
        path: Its folder.
        content_hash: SHA-256 in hex of its configuration and weights: what receipts keep.
        rank: Of its matrices.
    """

    name: str
    path: Path
    content_hash: str
    rank: int


def parse_adapter(text: str) -> Adapter:
    """An adapter from `NAME=PATH`.

    Raises:
        AdapterError: It is not written so, or there is no adapter.
    """
    name, separator, path = text.partition("=")
    if not separator or not path:
        raise AdapterError(f"--adapter {text!r}: expected NAME=PATH, for example --adapter support=./adapters/support")
    return read_adapter(name, Path(path))


def read_adapter(name: str, path: Path) -> Adapter:
    """Read and check an adapter.

    Args:
        name: What requests shall call it by.
        path: Its folder, with `adapter_config.json` and `adapter_model.safetensors`.

    Raises:
        AdapterError: The name does not do, or the folder holds no adapter.
    """
    if not _NAME.fullmatch(name):
        raise AdapterError(
            f"Adapter name {name!r}: expected up to 100 letters, digits, dots, dashes and underscores, beginning with "
            "a letter or digit"
        )
    folder = path.expanduser().resolve()
    if not folder.is_dir():
        raise AdapterError(f"Adapter {name}: no folder {path}")
    if pickled := [file for file in _PICKLED if (folder / file).exists()]:
        raise AdapterError(f"Adapter {name}: {pickled[0]} could run code when it is read; save it as {WEIGHTS_FILE}")
    missing = [file for file in (CONFIG_FILE, WEIGHTS_FILE) if not (folder / file).is_file()]
    if missing:
        raise AdapterError(f"Adapter {name}: {folder} has no {missing[0]}; expected a LoRA adapter as PEFT saves it")
    rank = _rank(name, folder)
    if (problem := weights_problem(folder / WEIGHTS_FILE, rank)) is not None:
        raise AdapterError(f"Adapter {name}: {folder / WEIGHTS_FILE} {problem}")
    return Adapter(name, folder, content_hash(folder), rank)


def content_hash(folder: Path) -> str:
    """SHA-256 of an adapter's files, each under its name."""
    whole = hashlib.sha256()
    for file in (CONFIG_FILE, WEIGHTS_FILE):
        with (folder / file).open("rb") as handle:
            whole.update(f"{file}\n{hashlib.file_digest(handle, 'sha256').hexdigest()}\n".encode())
    return whole.hexdigest()


def reserved_rank(adapters: list[Adapter]) -> int:
    """The rank that vLLM must reserve memory for, with room for adapters of usual rank that come later."""
    most = max((adapter.rank for adapter in adapters), default=0)
    return next(rank for rank in RANKS if rank >= max(most, 16))


def _rank(name: str, folder: Path) -> int:
    file = folder / CONFIG_FILE
    try:
        if file.stat().st_size > _MOST_CONFIG_BYTES:
            raise ValueError("too large")
        config = json.loads(file.read_text())
        rank, kind = config["r"], config.get("peft_type")
        # Layers may have ranks of their own.
        rank = max([rank, *(config.get("rank_pattern") or {}).values()])
    except (ValueError, KeyError, TypeError, AttributeError, UnicodeDecodeError) as error:
        raise AdapterError(f"Adapter {name}: {file} is no configuration of a LoRA adapter ({error})") from error
    if kind != "LORA" or not isinstance(rank, int) or isinstance(rank, bool) or not 1 <= rank <= RANKS[-1]:
        raise AdapterError(
            f"Adapter {name}: {CONFIG_FILE} says peft_type {kind!r} and rank {rank!r}; expected LORA and 1 to {RANKS[-1]}"
        )
    return rank
