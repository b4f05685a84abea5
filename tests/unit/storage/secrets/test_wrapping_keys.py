"""Wrapping keys: where they come from, and who may read them."""

import base64
import secrets
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pydantic import SecretStr

from storage.backup.keys import secret_files
from storage.errors import ConfigurationError, SecretError
from storage.secrets.wrapping_keys import add_wrapping_key, key_file, wrapping_keys
from storage.settings import StorageSettings


def fresh() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


@pytest.fixture
def settings(tmp_path: Path) -> StorageSettings:
    return StorageSettings(home=tmp_path, secret_key=None, _env_file=None)


class TestFile:
    def test_it_is_made_once_and_only_its_owner_reads_it(self, settings: StorageSettings) -> None:
        first = wrapping_keys(settings).current
        path = key_file(settings)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        assert wrapping_keys(settings).current == first

    def test_processes_that_start_together_agree(self, settings: StorageSettings) -> None:
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(lambda _: wrapping_keys(settings).current.name, range(32)))
        assert len(set(found)) == 1
        assert len(list(key_file(settings).parent.iterdir())) == 1

    def test_a_backup_keeps_it_apart(self, settings: StorageSettings) -> None:
        wrapping_keys(settings)
        assert key_file(settings) in secret_files(settings.home_path)

    def test_a_file_that_others_can_read_is_refused(self, settings: StorageSettings) -> None:
        wrapping_keys(settings)
        key_file(settings).chmod(0o640)
        with pytest.raises(ConfigurationError, match="chmod 600"):
            wrapping_keys(settings)

    @pytest.mark.parametrize("content", ["", "short", "not base64!", base64.b64encode(bytes(16)).decode()])
    def test_a_file_that_holds_no_key_is_told(self, settings: StorageSettings, content: str) -> None:
        wrapping_keys(settings)
        key_file(settings).write_text(content)
        with pytest.raises(ConfigurationError):
            wrapping_keys(settings)

    def test_a_new_key_goes_first_and_the_old_one_stays(self, settings: StorageSettings) -> None:
        old = wrapping_keys(settings).current
        keys = add_wrapping_key(settings)
        assert keys.current != old
        assert keys.named(old.name) == old
        assert stat.S_IMODE(key_file(settings).stat().st_mode) == 0o600


class TestSetting:
    def test_it_goes_before_the_file(self, tmp_path: Path) -> None:
        old, new = fresh(), fresh()
        both = StorageSettings(home=tmp_path, secret_key=SecretStr(f"{new}, {old}"), _env_file=None)
        first = StorageSettings(home=tmp_path, secret_key=SecretStr(old), _env_file=None)
        assert wrapping_keys(both).named(wrapping_keys(first).current.name) == wrapping_keys(first).current
        assert not key_file(both).exists()
        with pytest.raises(ConfigurationError, match="PIXEL_SECRET_KEY"):
            add_wrapping_key(both)

    def test_it_is_never_shown(self, tmp_path: Path) -> None:
        key = fresh()
        assert key not in repr(StorageSettings(home=tmp_path, secret_key=SecretStr(key), _env_file=None))

    def test_a_key_that_is_not_here_is_told_by_name(self, settings: StorageSettings) -> None:
        with pytest.raises(SecretError, match=r"abc.*pixel backup --keys"):
            wrapping_keys(settings).named("abc")
