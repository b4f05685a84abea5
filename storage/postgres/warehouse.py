"""What dbt needs to know: where its project is, whom to connect as, where it may write.

dbt takes separate fields instead of a URL; for the embedded server its `host` is the socket's folder.
"""

import sys
from pathlib import Path

from sqlalchemy import URL

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
