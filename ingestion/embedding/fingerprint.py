"""What identifies a model: its files, not its name."""

import hashlib
from pathlib import Path

# Weights, tokenizer, pooling, prompts. A readme changes no vector.
_DECIDING = (".safetensors", ".json", ".txt", ".model")
_READ = 1 << 20


def model_files(folder: Path) -> list[Path]:
    """The files of a model that decide its vectors, in a fixed order."""
    return sorted(path for path in folder.rglob("*") if path.suffix in _DECIDING and path.is_file())


def fingerprint_of(folder: Path) -> str:
    """SHA-256 of a model's files with their names, in hex: equal on every machine."""
    total = hashlib.sha256()
    for path in model_files(folder):
        digest = hashlib.sha256()
        with path.open("rb") as file:
            while block := file.read(_READ):
                digest.update(block)
        total.update(f"{path.relative_to(folder).as_posix()}:{digest.hexdigest()}\n".encode())
    return total.hexdigest()
