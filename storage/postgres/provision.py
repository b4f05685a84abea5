"""Roles and databases that the migrations need; made once, as the embedded server's superuser.

On an external server an administrator makes them: docs/operations.md shows the statements.
"""

from sqlalchemy import create_engine, text

from storage.postgres.urls import APP_ROLE, DAGSTER_DATABASE, DAGSTER_ROLE, DATABASE, OWNER_ROLE, embedded_url
from storage.settings import StorageSettings

_ROLES = {
    OWNER_ROLE: "LOGIN NOSUPERUSER NOBYPASSRLS",
    APP_ROLE: "LOGIN NOSUPERUSER NOBYPASSRLS",
    DAGSTER_ROLE: "LOGIN NOSUPERUSER NOBYPASSRLS",
}
_DATABASES = {DATABASE: OWNER_ROLE, DAGSTER_DATABASE: DAGSTER_ROLE}


def provision(settings: StorageSettings) -> None:
    """Make the roles and databases of the embedded server. Idempotent."""
    url = embedded_url(settings, "postgres", "postgres")
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            roles = set(connection.scalars(text("SELECT rolname FROM pg_roles")))
            databases = set(connection.scalars(text("SELECT datname FROM pg_database")))
            # Identifiers below are constants of this module, never input.
            for role, attributes in _ROLES.items():
                if role not in roles:
                    connection.execute(text(f"CREATE ROLE {role} {attributes}"))
            for database, owner in _DATABASES.items():
                if database not in databases:
                    connection.execute(text(f"CREATE DATABASE {database} OWNER {owner}"))
                    connection.execute(text(f"REVOKE CONNECT ON DATABASE {database} FROM PUBLIC"))
            connection.execute(text(f"GRANT CONNECT ON DATABASE {DATABASE} TO {APP_ROLE}"))
    finally:
        engine.dispose()
