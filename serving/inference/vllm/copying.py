"""Copies of adapters by their content."""

import shutil
import uuid
from pathlib import Path

from serving.inference.vllm.adapters import CONFIG_FILE, WEIGHTS_FILE, Adapter, content_hash
from serving.inference.vllm.errors import AdapterError


def copied(adapter: Adapter, folder: Path) -> Path:
    """A copy of an adapter under its hash; made once.

    Args:
        adapter: What to copy.
        folder: Where copies are.

    Raises:
        AdapterError: It was changed since it was read.
    """
    path = folder / adapter.content_hash
    if path.is_dir():
        return path
    partial = folder / f".{uuid.uuid4().hex}.partial"
    partial.mkdir(parents=True)
    try:
        for file in (CONFIG_FILE, WEIGHTS_FILE):
            shutil.copyfile(adapter.path / file, partial / file)
        if content_hash(partial) != adapter.content_hash:
            raise AdapterError(f"Adapter {adapter.name}: {adapter.path} changed while it was read; try again")
        if not path.is_dir():
            partial.rename(path)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return path
