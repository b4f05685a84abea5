"""What dbt needs to know: where its project is, whom to connect as, where it may write.

dbt takes separate fields instead of a URL; for the embedded server its `host` is the socket's folder.
"""

import hashlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, Engine, text

from storage.postgres.urls import APP_ROLE, database_urls
from storage.settings import StorageSettings

PROJECT_FOLDER = Path(__file__).parents[2] / "dbt"
MARTS_SCHEMA = "analytics"

# Rebuilding a view drops what reads it; two threads that do so at once wait for each other's locks for ever.
_THREADS = 1


def dbt_executable() -> str:
    """Path of the dbt that belongs to this interpreter; it need not be on PATH."""
    return str(Path(sys.executable).parent / "dbt")


def dbt_environment(settings: StorageSettings) -> dict[str, str]:
    """Environment variables for a dbt process that builds the warehouse of these settings as the owner."""
    urls = database_urls(settings)
    url = urls.owner
    return {
        **_fixed(settings.home_path),
        "PIXEL_WAREHOUSE_HOST": _host(url),
        "PIXEL_WAREHOUSE_PORT": str(url.port or 5432),
        "PIXEL_WAREHOUSE_USER": url.username or "",
        "DBT_ENV_SECRET_PIXEL_PASSWORD": url.password or "",
        "PIXEL_WAREHOUSE_DATABASE": url.database or "",
        "PIXEL_WAREHOUSE_SSLMODE": _one(url.query.get("sslmode")) or "prefer",
        "PIXEL_WAREHOUSE_APP_ROLE": urls.app_role,
    }


def dbt_parse_environment(folder: Path) -> dict[str, str]:
    """The same for `dbt parse`, which reads the project and connects to nothing.

    Args:
        folder: Where dbt may write.
    """
    return {
        **_fixed(folder),
        "PIXEL_WAREHOUSE_HOST": "localhost",
        "PIXEL_WAREHOUSE_PORT": "5432",
        "PIXEL_WAREHOUSE_USER": "nobody",
        "DBT_ENV_SECRET_PIXEL_PASSWORD": "",
        "PIXEL_WAREHOUSE_DATABASE": "nothing",
        "PIXEL_WAREHOUSE_SSLMODE": "prefer",
        "PIXEL_WAREHOUSE_APP_ROLE": APP_ROLE,
    }


def _fixed(folder: Path) -> dict[str, str]:
    return {
        "PIXEL_WAREHOUSE_THREADS": str(_THREADS),
        "DBT_PROJECT_DIR": str(PROJECT_FOLDER),
        "DBT_PROFILES_DIR": str(PROJECT_FOLDER),
        "DBT_TARGET_PATH": str(folder / "dbt" / "target"),
        "DBT_LOG_PATH": str(folder / "logs" / "dbt"),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DBT_VERSION_CHECK": "false",
        "DO_NOT_TRACK": "1",
    }


def _one(value: str | tuple[str, ...] | None) -> str | None:
    return value[0] if isinstance(value, tuple) else value


def _host(url: URL) -> str:
    return _one(url.query.get("host")) or url.host or "localhost"


def project_files() -> list[Path]:
    """The files of the dbt project that decide what it builds, in a fixed order."""
    return sorted(
        path
        for pattern in ("*.yml", "models/**/*", "macros/**/*", "tests/**/*")
        for path in PROJECT_FOLDER.glob(pattern)
        if path.is_file()
    )


def _models_mark() -> str:
    """Changes when a model or a macro does: then what incremental models hold may have another shape."""
    digest = hashlib.sha256()
    for path in project_files():
        if path.suffix == ".sql" and "tests" not in path.parts:
            digest.update(path.relative_to(PROJECT_FOLDER).as_posix().encode() + b"\0" + path.read_bytes())
    return f"built by models {digest.hexdigest()[:16]}"


def needs_full_refresh(owner: Engine) -> bool:
    """Whether the marts were built by other models than these, or not at all."""
    with owner.connect() as connection:
        query = text("SELECT obj_description(to_regnamespace(:schema), 'pg_namespace')")
        mark: str | None = connection.scalar(query, {"schema": MARTS_SCHEMA})
    return mark != _models_mark()


def mark_built(owner: Engine) -> None:
    """Note on the schema which models built all marts."""
    with owner.begin() as connection:
        # COMMENT takes no parameters; the mark is ours, not input.
        connection.exec_driver_sql("COMMENT ON SCHEMA analytics IS '" + _models_mark() + "'")


@contextmanager
def build_lock(owner: Engine) -> Iterator[None]:
    """One build at a time: two would take each other's tables away. The second waits."""
    with owner.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(hashtextextended('pixel:warehouse', 0))"))
        connection.commit()  # the lock is the session's; no transaction stays open while dbt works
        try:
            yield
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(hashtextextended('pixel:warehouse', 0))"))
            connection.commit()
