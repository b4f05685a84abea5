"""Migrations: bring the schema to this version of the product."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from storage.postgres.engine import owner_engine
from storage.postgres.urls import database_urls
from storage.settings import StorageSettings

_FOLDER = Path(__file__).parent / "migrations"


def alembic_config(settings: StorageSettings) -> Config:
    """Alembic's configuration for these settings, without an ini file."""
    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    config.attributes["settings"] = settings
    config.attributes["app_role"] = database_urls(settings).app_role
    return config


def migrate(settings: StorageSettings, revision: str = "head") -> None:
    """Upgrade the schema to `revision` (default: the newest)."""
    command.upgrade(alembic_config(settings), revision)


def downgrade(settings: StorageSettings, revision: str) -> None:
    """Take the schema back to `revision`; `base` removes it."""
    command.downgrade(alembic_config(settings), revision)


def current_revision(engine: Engine) -> str | None:
    """Revision that the database has, None before the first migration."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def is_current(settings: StorageSettings) -> bool:
    """Whether the database has this version's schema."""
    engine = owner_engine(settings)
    try:
        head = ScriptDirectory.from_config(alembic_config(settings)).get_current_head()
        return current_revision(engine) == head
    finally:
        engine.dispose()
