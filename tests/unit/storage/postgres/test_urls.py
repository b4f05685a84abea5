"""Tests of database URLs."""

from pathlib import Path

import pytest

from storage.errors import ConfigurationError
from storage.postgres.urls import APP_ROLE, DAGSTER_DATABASE, DATABASE, OWNER_ROLE, database_urls, socket_folder
from storage.settings import StorageSettings

OWNER = "postgresql://boss:pa%40ss@db.example:5433/pixel"
APP = "postgresql://app:x@db.example/pixel"
DAGSTER = "postgres://dag:x@db.example/dagster"


def external(**changed: str | None) -> StorageSettings:
    given: dict[str, str | None] = {
        "database_url": OWNER,
        "app_database_url": APP,
        "dagster_database_url": DAGSTER.replace("postgres://", "postgresql://"),
        **changed,
    }
    return StorageSettings(_env_file=None, **given)  # type: ignore[arg-type]


class TestEmbedded:
    def test_each_role_has_its_own(self, tmp_path: Path) -> None:
        urls = database_urls(StorageSettings(_env_file=None, home=tmp_path))
        assert (urls.owner.username, urls.owner.database) == (OWNER_ROLE, DATABASE)
        assert (urls.app.username, urls.app_role) == (APP_ROLE, APP_ROLE)
        assert urls.dagster.database == DAGSTER_DATABASE
        assert urls.owner.query["host"] == str(tmp_path / "postgres")

    def test_dagster_gets_the_driver_that_it_speaks(self, tmp_path: Path) -> None:
        urls = database_urls(StorageSettings(_env_file=None, home=tmp_path))
        assert urls.dagster_text.startswith("postgresql+psycopg2://")


class TestExternal:
    def test_the_urls_of_the_environment_with_our_driver(self) -> None:
        urls = database_urls(external())
        assert urls.owner.drivername == "postgresql+psycopg"
        assert (urls.owner.password, urls.owner.port) == ("pa@ss", 5433)
        assert urls.app_role == "app"

    def test_the_password_survives_for_dagster(self) -> None:
        assert "dag:x@" in database_urls(external()).dagster_text

    @pytest.mark.parametrize("missing", ["app_database_url", "dagster_database_url"])
    def test_a_missing_one_is_named(self, missing: str) -> None:
        with pytest.raises(ConfigurationError, match=f"PIXEL_{missing.upper()}"):
            database_urls(external(**{missing: None}))

    def test_one_role_for_both_is_refused(self) -> None:
        with pytest.raises(ConfigurationError, match="role boss"):
            database_urls(external(app_database_url="postgresql://boss:x@db.example/pixel"))

    @pytest.mark.parametrize("url", ["sqlite:///x.db", "mysql://a:b@c/d"])
    def test_another_database_is_refused_by_name(self, url: str) -> None:
        with pytest.raises(ConfigurationError, match=r"PIXEL_DATABASE_URL names (sqlite|mysql)"):
            database_urls(external(database_url=url))

    @pytest.mark.parametrize("url", ["nonsense with:pa55word@", "postgresql//a:pa55word@b/c"])
    def test_what_is_no_url_is_not_echoed(self, url: str) -> None:
        with pytest.raises(ConfigurationError, match="PIXEL_APP_DATABASE_URL is not a database URL") as caught:
            database_urls(external(app_database_url=url))
        assert "pa55word" not in str(caught.value)

    def test_the_short_scheme_of_hosting_providers_works(self) -> None:
        assert database_urls(external(dagster_database_url=DAGSTER)).dagster.host == "db.example"


class TestSocketFolder:
    def test_a_short_path_holds_its_own_socket(self, tmp_path: Path) -> None:
        short = Path("/var/lib/pixel/postgres")
        assert socket_folder(short) == short

    def test_a_long_path_gets_a_short_folder_of_its_own(self) -> None:
        first, second = (socket_folder(Path("/" + "x" * 150) / name) for name in ("a", "b"))
        assert first != second
        assert len(str(first / ".s.PGSQL.5432")) < 100
        assert first == socket_folder(Path("/" + "x" * 150) / "a")
