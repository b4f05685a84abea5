"""The keys that wrap data keys: from the environment, or from a file of the home that backups keep apart.

The first key wraps what is new; those after it still open what is old, until a rotation has wrapped everything anew.
"""

import base64
import binascii
import contextlib
import hashlib
import os
import secrets
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from storage.errors import ConfigurationError, SecretError
from storage.settings import StorageSettings

KEY_BYTES = 32


@dataclass(frozen=True)
class WrappingKey:
    """One key. `name` tells it from others and tells nothing of it."""

    name: str
    key: bytes


class WrappingKeys:
    """The keys of an installation, the current one first.

    Args:
        keys: 32 bytes each.
    """

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._keys = {key.name: key for key in (WrappingKey(_name(raw), raw) for raw in keys)}
        self.current = next(iter(self._keys.values()))

    def named(self, name: str) -> WrappingKey:
        """The key of a name.

        Raises:
            SecretError: It is not here.
        """
        if name not in self._keys:
            raise SecretError(
                f"The secrets were encrypted with the key {name}, which is not here; there is {', '.join(self._keys)}. "
                "Bring the folder `keys` of the home back (`pixel backup --keys` copied it), or set PIXEL_SECRET_KEY to it."
            )
        return self._keys[name]


def wrapping_keys(settings: StorageSettings) -> WrappingKeys:
    """The keys of this installation; a fresh one is made when there is none.

    Raises:
        ConfigurationError: The setting or the file does not hold keys, or others may read the file.
    """
    if settings.secret_key is not None:
        return WrappingKeys(_parsed(settings.secret_key.get_secret_value().split(","), "PIXEL_SECRET_KEY"))
    path = key_file(settings)
    if not path.exists():
        _write_first(path)
    if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise ConfigurationError(f"{path} can be read by others than its owner. Run `chmod 600 {path}`.")
    return WrappingKeys(_parsed(path.read_text().split(), str(path)))


def add_wrapping_key(settings: StorageSettings) -> WrappingKeys:
    """Put a fresh key before the others in the file; what follows wraps the data keys anew.

    Raises:
        ConfigurationError: The keys come from the environment, where they are changed.
    """
    if settings.secret_key is not None:
        raise ConfigurationError(
            "The keys come from PIXEL_SECRET_KEY. Put a new one before the old one there, separated by a comma, and run this again."
        )
    wrapping_keys(settings)
    path = key_file(settings)
    _replace(path, f"{_fresh()}\n{path.read_text()}")
    return wrapping_keys(settings)


def key_file(settings: StorageSettings) -> Path:
    """Where the keys lie; `storage/backup/keys.py` knows the folder."""
    return settings.home_path / "keys" / "wrapping.key"


def _parsed(texts: Sequence[str], place: str) -> list[bytes]:
    found = []
    for text in texts:
        try:
            key = base64.b64decode(text.strip(), validate=True)
        except binascii.Error:
            key = b""
        if len(key) != KEY_BYTES:
            raise ConfigurationError(
                f"{place} must hold base64 of {KEY_BYTES} bytes, one key after another; make one with `openssl rand -base64 32`."
            )
        found.append(key)
    if not found:
        raise ConfigurationError(f"{place} is empty; it must hold a key. Bring the file back from where keys are kept.")
    return found


def _name(key: bytes) -> str:
    return hashlib.sha256(b"pixel wrapping key" + key).hexdigest()[:12]


def _fresh() -> str:
    return base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()


def _write_first(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = _written(path, f"{_fresh()}\n")
    with contextlib.suppress(FileExistsError):  # another process was first: its key counts
        os.link(temporary, path)
    temporary.unlink()


def _replace(path: Path, text: str) -> None:
    _written(path, text).replace(path)


def _written(path: Path, text: str) -> Path:
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as sink:
        sink.write(text)
        sink.flush()
        os.fsync(sink.fileno())
    return temporary
