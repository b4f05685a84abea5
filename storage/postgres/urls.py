"""The one place that builds database URLs.

Three programs want three dialects: our code psycopg 3, Dagster's storage psycopg 2, dbt separate fields.
"""

import hashlib
import tempfile
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL, make_url

from storage.errors import ConfigurationError
from storage.settings import StorageSettings

OWNER_ROLE = "pixel_owner"
APP_ROLE = "pixel_app"
DAGSTER_ROLE = "pixel_dagster"
DATABASE = "pixel"
DAGSTER_DATABASE = "dagster"

_SOCKET_FILE = ".s.PGSQL.5432"
_SOCKET_PATH_LIMIT = 100  # sun_path holds 104 bytes on macOS, 108 on Linux


@dataclass(frozen=True)
class DatabaseUrls:
    """URLs of the two databases, for each role."""

    owner: URL
    app: URL
    dagster: URL

    @property
    def dagster_text(self) -> str:
        """Dagster's storage speaks psycopg 2 only."""
        return self.dagster.set(drivername="postgresql+psycopg2").render_as_string(hide_password=False)

    @property
    def app_role(self) -> str:
        """Name of the role that the application connects as."""
        return self.app.username or APP_ROLE


def socket_folder(data_folder: Path) -> Path:
    """Folder of the embedded server's socket.

    The data folder itself (mode 0700), or a short private folder when the path is too long for a socket.
    """
    if len(str(data_folder / _SOCKET_FILE)) <= _SOCKET_PATH_LIMIT:
        return data_folder
    digest = hashlib.sha256(str(data_folder).encode()).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"pixel-{digest}"


def embedded_url(settings: StorageSettings, role: str, database: str) -> URL:
    """URL of the embedded server for one role and database."""
    return URL.create(
        "postgresql+psycopg",
        username=role,
        host="localhost",  # Great Expectations refuses an empty host; `host` in the query wins
        database=database,
        query={"host": str(socket_folder(settings.postgres_path))},
    )


def _external(name: str, value: str) -> URL:
    try:
        url = make_url(value)
    except Exception as error:
        raise ConfigurationError(
            f"{name} is not a database URL; expected postgresql://user:password@host:5432/database"
        ) from error
    # Hosting providers still write the scheme that libpq knows and SQLAlchemy has dropped.
    if url.get_backend_name() not in ("postgresql", "postgres"):
        raise ConfigurationError(f"{name} names {url.get_backend_name()}; PostgreSQL 15 or newer is needed")
    return url.set(drivername="postgresql+psycopg")


def database_urls(settings: StorageSettings) -> DatabaseUrls:
    """URLs for these settings: the embedded server's, or those that the environment gives.

    Raises:
        ConfigurationError: An external database is given without its application or Dagster URL, or a URL is malformed.
    """
    if settings.database_url is None:
        return DatabaseUrls(
            owner=embedded_url(settings, OWNER_ROLE, DATABASE),
            app=embedded_url(settings, APP_ROLE, DATABASE),
            dagster=embedded_url(settings, DAGSTER_ROLE, DAGSTER_DATABASE),
        )
    if not settings.app_database_url or not settings.dagster_database_url:
        raise ConfigurationError(
            "PIXEL_DATABASE_URL is set, so PIXEL_APP_DATABASE_URL (a login role without SUPERUSER or BYPASSRLS) "
            "and PIXEL_DAGSTER_DATABASE_URL (a database of its own) are needed too"
        )
    urls = DatabaseUrls(
        owner=_external("PIXEL_DATABASE_URL", settings.database_url),
        app=_external("PIXEL_APP_DATABASE_URL", settings.app_database_url),
        dagster=_external("PIXEL_DAGSTER_DATABASE_URL", settings.dagster_database_url),
    )
    if urls.app.username == urls.owner.username:
        raise ConfigurationError(
            f"PIXEL_APP_DATABASE_URL and PIXEL_DATABASE_URL both use role {urls.owner.username}; "
            "the application needs a role of its own, so that row-level security holds"
        )
    return urls
