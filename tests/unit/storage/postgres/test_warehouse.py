"""What dbt is told about the database."""

from pathlib import Path

from storage.postgres.urls import socket_folder
from storage.postgres.warehouse import dbt_environment, dbt_executable
from storage.settings import StorageSettings


class TestDbtEnvironment:
    def test_embedded_server_is_reached_through_its_socket(self, tmp_path: Path) -> None:
        settings = StorageSettings(_env_file=None, home=tmp_path)
        environment = dbt_environment(settings)
        assert environment["PIXEL_WAREHOUSE_HOST"] == str(socket_folder(settings.postgres_path))
        assert environment["PIXEL_WAREHOUSE_USER"] == "pixel_owner"
        assert environment["PIXEL_WAREHOUSE_DATABASE"] == "pixel"

    def test_external_server_keeps_its_fields(self, tmp_path: Path) -> None:
        settings = StorageSettings(
            _env_file=None,
            home=tmp_path,
            database_url="postgresql://boss:s%40fe@db.example:6543/prod?sslmode=require",
            app_database_url="postgresql://clerk:x@db.example:6543/prod",
            dagster_database_url="postgresql://dag:x@db.example:6543/dagster",
        )
        environment = dbt_environment(settings)
        assert environment["PIXEL_WAREHOUSE_HOST"] == "db.example"
        assert environment["PIXEL_WAREHOUSE_PORT"] == "6543"
        assert environment["DBT_ENV_SECRET_PIXEL_PASSWORD"] == "s@fe"
        assert environment["PIXEL_WAREHOUSE_SSLMODE"] == "require"
        assert environment["PIXEL_WAREHOUSE_APP_ROLE"] == "clerk"

    def test_dbt_writes_below_the_home_and_reports_to_nobody(self, tmp_path: Path) -> None:
        environment = dbt_environment(StorageSettings(_env_file=None, home=tmp_path))
        assert environment["DBT_TARGET_PATH"].startswith(str(tmp_path))
        assert environment["DBT_LOG_PATH"].startswith(str(tmp_path))
        assert environment["DBT_SEND_ANONYMOUS_USAGE_STATS"] == "false"


class TestDbtExecutable:
    def test_belongs_to_this_interpreter(self) -> None:
        assert Path(dbt_executable()).is_file()
