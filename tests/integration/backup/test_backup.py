"""Backups: incremental, kept, apart from keys, and never half a one."""

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from storage.backup.backup import back_up
from storage.backup.errors import BackupError
from storage.backup.folder import PARTIAL, backup_names
from storage.backup.keys import restore_keys
from storage.backup.manifest import POOL
from storage.backup.restore import choose
from storage.errors import StorageError
from tests.conftest import REPOSITORY
from tests.integration.backup.conftest import Place


class TestBackingUp:
    def test_a_second_one_copies_only_what_is_new(self, place: Place) -> None:
        first = place.back_up()
        second = place.back_up()
        assert first.files_copied == first.file_count > 0
        assert (second.files_copied, second.file_count) == (0, first.file_count)

    def test_old_ones_go_with_the_files_that_only_they_had(self, place: Place) -> None:
        place.back_up()
        place.erase_the_secret()
        pooled = {path.name for path in (place.root / POOL).rglob("*") if path.is_file()}
        newest = place.back_up(keep=1)
        left = {path.name for path in (place.root / POOL).rglob("*") if path.is_file()}
        assert backup_names(place.root) == [newest.name]
        assert len(pooled) - len(left) == 2  # both contents of the secret
        assert choose(place.root)[0] == newest

    def test_work_goes_into_a_partial_folder_that_a_killed_backup_leaves_and_the_next_removes(
        self, place: Place
    ) -> None:
        whole = place.back_up()
        code = (
            "import os, signal, sys\n"
            "from pathlib import Path\n"
            "from storage.backup import backup\n"
            "from storage.settings import StorageSettings\n"
            "from storage.stores import open_stores\n"
            "backup.write_manifest = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
            "backup.back_up(open_stores(StorageSettings(home=Path(sys.argv[1]))), Path(sys.argv[2]))\n"
        )
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("PIXEL_")}
        killed = subprocess.run(
            [sys.executable, "-c", code, str(place.settings.home_path), str(place.root)],
            env={**inherited, "PYTHONPATH": str(REPOSITORY)},
            capture_output=True,
            check=False,
        )
        assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()[-2000:]
        assert len(list(place.root.glob(f"{PARTIAL}*"))) == 1
        assert choose(place.root)[0] == whole
        place.back_up()
        assert list(place.root.glob(f"{PARTIAL}*")) == []


class TestTrouble:
    def test_a_folder_of_somebody_else_is_refused(self, place: Place, tmp_path: Path) -> None:
        (tmp_path / "photos").mkdir()
        (tmp_path / "photos" / "cat.jpg").write_bytes(b"cat")
        with pytest.raises(BackupError, match="is not empty and holds no backups"):
            back_up(place.stores, tmp_path / "photos")
        assert [path.name for path in (tmp_path / "photos").iterdir()] == ["cat.jpg"]

    def test_a_place_that_cannot_be_a_folder_is_one_line(self, place: Place, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("x")
        with pytest.raises(BackupError, match="could not be written: Not a directory"):
            back_up(place.stores, tmp_path / "file" / "backups")

    @pytest.mark.parametrize("limit", [100, 60_000])
    def test_a_full_disk_leaves_no_backup_and_harms_none(self, place: Place, limit: int) -> None:
        whole = place.back_up()
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
        try:
            with pytest.raises(StorageError):
                place.back_up()
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        assert backup_names(place.root) == [whole.name]
        assert list(place.root.glob(f"{PARTIAL}*")) == []
        assert choose(place.root)[0] == whole

    def test_a_folder_without_backups_is_said(self, tmp_path: Path) -> None:
        with pytest.raises(BackupError, match="holds no backups of this product"):
            choose(tmp_path)


class TestKeys:
    def test_they_are_left_out_unless_they_have_a_folder_of_their_own(self, place: Place, tmp_path: Path) -> None:
        secret = place.settings.home_path / "keys" / "connections.key"
        secret.parent.mkdir(exist_ok=True)
        secret.write_bytes(b"opens what is encrypted")
        without = place.back_up()
        assert "1 secret keys are left out" in without.keys_note
        made = back_up(place.stores, place.root, keys=tmp_path / "apart")
        assert made.keys == ("keys/connections.key",)
        copied = tmp_path / "apart" / "keys" / "connections.key"
        assert (copied.read_bytes(), copied.stat().st_mode & 0o777) == (secret.read_bytes(), 0o600)
        assert not any(b"opens what" in path.read_bytes() for path in place.root.rglob("*") if path.is_file())
        assert restore_keys(tmp_path / "apart", tmp_path / "home") == 1
        assert (tmp_path / "home" / "keys" / "connections.key").read_bytes() == secret.read_bytes()

    def test_they_never_lie_beside_what_they_open(self, place: Place) -> None:
        (place.settings.home_path / "one.key").write_bytes(b"k")
        with pytest.raises(BackupError, match="keys belong apart"):
            back_up(place.stores, place.root, keys=place.root / "keys")
        assert backup_names(place.root) == []
