"""What Dagster's processes are given."""

import stat
import subprocess
import sys
from pathlib import Path

import yaml

from orchestration.instance import daemon_command, dagster_home, webserver_command, write_instance
from storage.settings import StorageSettings


class TestWriteInstance:
    def test_keeps_everything_in_postgres_and_reports_to_nobody(self, tmp_path: Path) -> None:
        settings = StorageSettings(_env_file=None, home=tmp_path)
        write_instance(settings)
        written = yaml.safe_load((dagster_home(settings) / "dagster.yaml").read_text())
        url = written["storage"]["postgres"]["postgres_url"]
        assert url.startswith("postgresql+psycopg2://pixel_dagster@localhost/dagster?host=")
        assert written["telemetry"] == {"enabled": False}
        assert written["concurrency"] == {"runs": {"max_concurrent_runs": 1}}

    def test_names_the_module(self, tmp_path: Path) -> None:
        settings = StorageSettings(_env_file=None, home=tmp_path)
        write_instance(settings, tmp_path / "elsewhere")
        workspace = yaml.safe_load((tmp_path / "elsewhere" / "workspace.yaml").read_text())
        assert workspace["load_from"][0]["python_module"]["module_name"] == "orchestration.definitions"

    def test_a_password_is_for_the_owner_only(self, tmp_path: Path) -> None:
        settings = StorageSettings(
            _env_file=None,
            home=tmp_path,
            database_url="postgresql://a:x@db/pixel",
            app_database_url="postgresql://b:x@db/pixel",
            dagster_database_url="postgresql://c:s3cret@db/dagster",
        )
        write_instance(settings)
        path = dagster_home(settings) / "dagster.yaml"
        assert "s3cret" in path.read_text()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


class TestCommands:
    def test_the_webserver_listens_on_loopback(self, tmp_path: Path) -> None:
        command = webserver_command(StorageSettings(_env_file=None, home=tmp_path), 3999)
        assert command[1:5] == ["-h", "127.0.0.1", "-p", "3999"]
        assert Path(command[0]).is_file()

    def test_the_daemon_reads_our_workspace(self, tmp_path: Path) -> None:
        command = daemon_command(StorageSettings(_env_file=None, home=tmp_path))
        assert command[1:] == ["run", "-w", str(tmp_path / "dagster" / "workspace.yaml")]
        assert Path(command[0]).is_file()

    def test_the_command_line_need_not_load_dagster(self) -> None:
        script = "import sys, orchestration.instance; print('dagster' in sys.modules)"
        shown = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
        assert shown.stdout.strip() == "False"
