"""Migrations: up and down on a database with data in it."""

import uuid
from collections.abc import Iterator

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, inspect, text

from storage.postgres.migrate import alembic_config, current_revision, downgrade, is_current, migrate
from storage.postgres.urls import APP_ROLE, OWNER_ROLE, database_urls, embedded_url
from storage.settings import StorageSettings


@pytest.fixture
def scratch(settings: StorageSettings) -> Iterator[StorageSettings]:
    """Settings of an empty database on the same server."""
    name = f"scratch_{uuid.uuid4().hex[:8]}"
    server = create_engine(embedded_url(settings, "postgres", "postgres"), isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} OWNER {OWNER_ROLE}"))
    yield settings.model_copy(
        update={
            "database_url": embedded_url(settings, OWNER_ROLE, name).render_as_string(),
            "app_database_url": embedded_url(settings, APP_ROLE, name).render_as_string(),
            "dagster_database_url": database_urls(settings).dagster.render_as_string(),
        }
    )
    with server.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    server.dispose()


@pytest.fixture
def scratch_engine(scratch: StorageSettings) -> Iterator[Engine]:
    engine = create_engine(database_urls(scratch).owner)
    yield engine
    engine.dispose()


def _put_data(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("INSERT INTO organizations (name, slug, hash_key) VALUES ('A', 'a', 'k')")
        connection.exec_driver_sql("INSERT INTO users (email, name) VALUES ('a@example.com', 'A')")
        connection.exec_driver_sql(
            "INSERT INTO members (organization_id, user_id, role) SELECT o.id, u.id, 'owner' FROM organizations o, users u"
        )


class TestMigrate:
    def test_models_and_migrations_agree(self, settings: StorageSettings) -> None:
        command.check(alembic_config(settings))
        assert is_current(settings)

    def test_every_step_goes_down_and_up_again_with_data(
        self, scratch: StorageSettings, scratch_engine: Engine
    ) -> None:
        migrate(scratch)
        _put_data(scratch_engine)
        revisions = [r.revision for r in ScriptDirectory.from_config(alembic_config(scratch)).walk_revisions()]
        for revision in revisions[1:]:
            downgrade(scratch, revision)
            assert current_revision(scratch_engine) == revision
        with scratch_engine.connect() as connection:
            assert connection.scalar(text("SELECT count(*) FROM members")) == 1
        migrate(scratch)
        with scratch_engine.connect() as connection:
            assert connection.scalar(text("SELECT role FROM members")) == "owner"

    def test_base_leaves_nothing_behind(self, scratch: StorageSettings, scratch_engine: Engine) -> None:
        migrate(scratch)
        _put_data(scratch_engine)
        downgrade(scratch, "base")
        assert inspect(scratch_engine).get_table_names() == ["alembic_version"]
        with scratch_engine.connect() as connection:
            ours = connection.scalar(
                text(
                    "SELECT count(*) FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace WHERE nspname = 'public'"
                )
            )
        assert ours == 0
        assert not is_current(scratch)
