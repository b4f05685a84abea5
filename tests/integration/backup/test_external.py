"""Restoring into an external database: emptied when that is allowed, with the roles that it has."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, select, text

from storage.backup.errors import RestoreError
from storage.backup.restore import restore
from storage.postgres.client_tools import ClientToolError, client_tool
from storage.postgres.models.document import Document
from storage.postgres.session import organization_session
from storage.postgres.urls import APP_ROLE, OWNER_ROLE, database_urls, embedded_url
from storage.settings import StorageSettings
from storage.stores import Stores, open_stores
from tests.integration.backup.conftest import Place


@pytest.fixture
def external(place: Place, tmp_path: Path) -> Iterator[Stores]:
    """Stores whose database is one of a server that is not theirs."""
    name = f"external_{uuid.uuid4().hex[:8]}"
    server = create_engine(embedded_url(place.settings, "postgres", "postgres"), isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} OWNER {OWNER_ROLE}"))
    opened = open_stores(
        StorageSettings(
            _env_file=None,
            home=tmp_path / "home",
            database_url=embedded_url(place.settings, OWNER_ROLE, name).render_as_string(),
            app_database_url=embedded_url(place.settings, APP_ROLE, name).render_as_string(),
            dagster_database_url=database_urls(place.settings).dagster.render_as_string(),
        )
    )
    yield opened
    opened.close()
    with server.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    server.dispose()


class TestAnExternalDatabase:
    def test_it_is_restored_and_only_replaced_when_told_so(self, place: Place, external: Stores) -> None:
        place.back_up()
        restore(place.root, external.settings)
        with organization_session(external.app, place.scene.organization_id) as session:
            assert len(session.scalars(select(Document.id)).all()) == 2
        with pytest.raises(RestoreError, match="holds an installation already"):
            restore(place.root, external.settings)
        external.close()
        assert restore(place.root, external.settings, replace=True).index_drift_rows == 0
        with organization_session(external.app, place.scene.organization_id) as session:
            assert len(session.scalars(select(Document.id)).all()) == 2

    def test_other_roles_are_refused(self, place: Place, external: Stores) -> None:
        place.back_up()
        url = (external.settings.app_database_url or "").replace(APP_ROLE, "somebody")
        with pytest.raises(RestoreError, match="Use the same role names"):
            restore(place.root, external.settings.model_copy(update={"app_database_url": url}))


class TestClientTool:
    def test_a_program_that_nobody_has_is_said(self, place: Place) -> None:
        with pytest.raises(ClientToolError, match="no pg_nothing here is that new"):
            client_tool("pg_nothing", place.stores.owner)
