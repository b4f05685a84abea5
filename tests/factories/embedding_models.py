"""Embedding models for tests: real ones of a few dimensions, and broken ones."""

import json
from pathlib import Path

from benchmarks.retrieval.tiny_model import DIMENSION, make_tiny_model

__all__ = ["DIMENSION", "damage", "make_tiny_model"]


def damage(folder: Path) -> None:
    """Make the weights something else than weights."""
    (folder / "model.safetensors").write_bytes(json.dumps({"no": "weights"}).encode())
