"""PostgreSQL's own programs (`pg_dump`, `pg_restore`), in a version that fits the server.

A program older than its server refuses to work, and says so only when a backup is needed: the version is looked at first.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from sqlalchemy import URL, Engine

from storage.errors import StorageError
from storage.postgres import embedded

_SYSTEM_PLACES = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql@*/bin")
_MAJOR = re.compile(r"\s(\d+)(?:\.|devel|beta|rc|\s|$)")


class ClientToolError(StorageError):
    """A program of PostgreSQL is missing, too old, or failed; the message holds its own words."""


def client_tool(name: str, engine: Engine) -> Path:
    """The first program of this name that is at least as new as the engine's server.

    Args:
        name: `pg_dump` or `pg_restore`.
        engine: Any engine of the server.

    Raises:
        ClientToolError: None on this machine is new enough.
    """
    with engine.connect() as connection:
        needed = int(str(connection.exec_driver_sql("SHOW server_version_num").scalar_one())) // 10000
    seen = []
    for path in _candidates(name):
        major = _major(path)
        if major is not None and major >= needed:
            return path
        seen.append(f"{path} ({major})")
    raise ClientToolError(
        f"The database server is PostgreSQL {needed}, and no {name} here is that new (found: {', '.join(seen) or 'none'}). "
        f"Install the client programs of PostgreSQL {needed} or newer."
    )


def run_tool(arguments: Sequence[str], url: URL) -> None:
    """Run a program against a database to its end.

    Raises:
        ClientToolError: It failed.
    """
    done = subprocess.run(
        list(arguments), env=_environment(url), stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    if done.returncode != 0:
        raise ClientToolError(_failure(arguments[0], done.stderr))


@contextmanager
def tool_output(arguments: Sequence[str], url: URL) -> Iterator[IO[bytes]]:
    """What a program writes, while it writes it; the block must read it to its end.

    Raises:
        ClientToolError: It failed.
    """
    process = subprocess.Popen(
        list(arguments),
        env=_environment(url),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None  # noqa: S101 - it was asked for
    assert process.stderr is not None  # noqa: S101
    try:
        yield process.stdout
    except BaseException:
        process.kill()
        raise
    finally:
        process.stdout.close()
        words = process.stderr.read()
        process.stderr.close()
        status = process.wait()
    if status != 0:
        raise ClientToolError(_failure(arguments[0], words))


def _candidates(name: str) -> Iterator[Path]:
    yield embedded.binary(name)
    on_path = shutil.which(name)
    if on_path is not None:
        yield Path(on_path)
    for place in _SYSTEM_PLACES:
        root, _, pattern = place.partition("*")
        parent = Path(root).parent
        yield from sorted(parent.glob(f"{Path(root + '*' + pattern).relative_to(parent)}/{name}"), reverse=True)


def _major(path: Path) -> int | None:
    try:
        said = subprocess.run([str(path), "--version"], capture_output=True, text=True, timeout=20, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = _MAJOR.search(said)
    return int(found.group(1)) if found else None


def _environment(url: URL) -> dict[str, str]:
    """Where to connect. A password among the arguments could be read by every user of the machine."""
    query = {name: value if isinstance(value, str) else value[0] for name, value in url.query.items()}
    given = {
        "PGHOST": query.get("host") or url.host,
        "PGPORT": str(url.port) if url.port else query.get("port"),
        "PGUSER": url.username,
        "PGPASSWORD": str(url.password) if url.password else None,
        "PGDATABASE": url.database,
        "PGSSLMODE": query.get("sslmode"),
        "PGSSLROOTCERT": query.get("sslrootcert"),
        "PGAPPNAME": "pixel-backup",
        "PGTZ": "UTC",
    }
    return {**os.environ, **{name: value for name, value in given.items() if value is not None}}


def _failure(program: str, words: bytes) -> str:
    lines = [line for line in words.decode(errors="replace").splitlines() if line.strip()]
    telling = [line for line in lines if "error" in line.lower() or "fatal" in line.lower()] or lines
    said = telling[0].strip()[:500] if telling else "it said nothing"
    return f"{Path(program).name} failed: {said}"
