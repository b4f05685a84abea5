"""What this machine knows of its vLLM server between two commands: how it was started, and which adapters were proven."""

import os
import secrets
from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from serving.inference.vllm.adapters import Adapter
from storage.settings import StorageSettings


class LoadedAdapter(BaseModel):
    """An adapter that was proven and answers. `path` is our own copy of it."""

    model_config = ConfigDict(frozen=True)

    name: str
    served_name: str
    path: Path
    content_hash: str


class ServerState(BaseModel):
    """One start of a server.

    Attributes:
        model: Name that requests call the base model by.
        source: Where its weights are from: a folder, or a name in a hub.
        environment: Folder of its environment.
        arguments: Its command line.
        variables: Its environment variables; the key is not among them.
        port: Where it listens.
        device: What it runs on, in words.
        max_model_len: Longest prompt with its answer; None when vLLM chose it.
        max_running: Answers at once.
        max_rank: Largest rank of adapters that it takes; 0 without adapters.
        max_adapters: How many of them at once.
        adapters: Those that answer.
    """

    model: str
    source: str
    environment: Path
    arguments: tuple[str, ...]
    variables: dict[str, str]
    port: int
    device: str
    max_model_len: int | None = None
    max_running: int
    max_rank: int = 0
    max_adapters: int = 0
    adapters: tuple[LoadedAdapter, ...] = ()

    @property
    def url(self) -> str:
        """Where it is, without a path."""
        return f"http://127.0.0.1:{self.port}"

    def with_adapters(self, adapters: Sequence[LoadedAdapter]) -> "ServerState":
        """The same start with other adapters."""
        return self.model_copy(update={"adapters": tuple(adapters)})


class VllmHome:
    """The folder of the vLLM server in an installation.

    Args:
        settings: Where the installation is.
    """

    def __init__(self, settings: StorageSettings) -> None:
        self.path = settings.home_path / "vllm"

    def state(self) -> ServerState | None:
        """The last start; None before the first."""
        try:
            return ServerState.model_validate_json((self.path / "server.json").read_text())
        except (OSError, ValueError):
            return None

    def keep(self, state: ServerState) -> None:
        """Keep a state."""
        self._write("server.json", state.model_dump_json(indent=1))

    def key(self) -> str:
        """The server's key: made at the first use, readable for the owner of the installation only."""
        file = self.path / "key"
        if not file.exists():
            self._write("key", secrets.token_urlsafe(32))
        return file.read_text().strip()

    def canary(self, digest: str) -> str | None:
        """The hash that a canary had when an adapter was first proven; None before that."""
        try:
            return (self.path / "canaries" / digest).read_text().strip()
        except OSError:
            return None

    def keep_canary(self, digest: str, output_hash: str) -> None:
        """Keep what an adapter answered when it was first proven."""
        self._write(f"canaries/{digest}", output_hash)

    def own_copy(self, adapter: Adapter) -> Path:
        """A copy of an adapter that nobody else changes: what is loaded is what was hashed.

        Raises:
            AdapterError: It was changed while it was copied.
        """
        from serving.inference.vllm.copying import copied

        return copied(adapter, self.path / "adapters")

    def _write(self, name: str, content: str) -> None:
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        partial = file.with_name(f"{file.name}.{os.getpid()}.partial")
        with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as handle:
            handle.write(content)
            handle.flush()
            os.fsync(handle.fileno())
        partial.replace(file)
