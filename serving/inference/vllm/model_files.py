"""What a model's own files say about it: how much memory it takes and how much it can read."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from serving.inference.vllm.errors import ServerError

_KEY_AND_VALUE = 2
# vLLM keeps the cache in 16 bits, also for models saved in 32 or quantized, unless it is told otherwise.
_BYTES_PER_NUMBER = 2


@dataclass(frozen=True)
class ModelFiles:
    """A model in a folder.

    Attributes:
        name: What requests call it by.
        weights_bytes: Size of its weights.
        cache_bytes_per_token: What one token of a conversation takes in the KV cache.
        context: Longest prompt with its answer that it was made for.
        kv_heads: Heads of the KV cache, which are dealt out to several GPUs.
    """

    name: str
    weights_bytes: int
    cache_bytes_per_token: int
    context: int
    kv_heads: int


def read_model(source: str) -> ModelFiles | None:
    """A model in a folder; None for a name in a hub, whose files are not here yet.

    Raises:
        ServerError: The folder holds no model that can be served.
    """
    folder = Path(source).expanduser()
    if not folder.is_dir():
        if source.startswith((".", "/", "~")):
            raise ServerError(f"--model {source}: no such folder; give a model's folder, or its name in a hub")
        return None
    config = _config(folder)
    weights = sum(file.stat().st_size for file in folder.glob("*.safetensors"))
    if not weights:
        raise ServerError(f"--model {source}: no .safetensors in it; other formats can run code and are not taken")
    try:
        return _from_config(_name(folder), weights, config)
    except (KeyError, TypeError, ZeroDivisionError) as error:
        raise ServerError(f"--model {source}: its config.json has no usable {error}") from error


def _config(folder: Path) -> dict[str, Any]:
    try:
        config = json.loads((folder / "config.json").read_text())
    except (OSError, ValueError) as error:
        raise ServerError(f"--model {folder}: no readable config.json in it ({error})") from error
    if not isinstance(config, dict):
        raise ServerError(f"--model {folder}: its config.json holds no object")
    # Models that also see or hear keep their language part in a part of its own.
    inner = config.get("text_config")
    return {**config, **inner} if isinstance(inner, dict) else config


def _name(folder: Path) -> str:
    """The folder's name as requests may carry it."""
    return re.sub(r"[^\x21-\x7e]+", "-", folder.resolve().name)[:200] or "model"


def _from_config(name: str, weights: int, config: dict[str, Any]) -> ModelFiles:
    heads = int(config["num_attention_heads"])
    kv_heads = int(config.get("num_key_value_heads") or heads)
    head_size = int(config.get("head_dim") or config["hidden_size"] // heads)
    per_token = _KEY_AND_VALUE * int(config["num_hidden_layers"]) * kv_heads * head_size * _BYTES_PER_NUMBER
    return ModelFiles(name, weights, per_token, int(config["max_position_embeddings"]), kv_heads)
