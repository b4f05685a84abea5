"""When a folder counts as changed."""

import os
from pathlib import Path

from orchestration.changes import folder_digest

LATER = 4_000_000_000.0


class TestFolderDigest:
    def test_missing_and_empty_folders_have_none(self, tmp_path: Path) -> None:
        assert folder_digest(tmp_path / "none", now=LATER) is None
        assert folder_digest(tmp_path, now=LATER) is None

    def test_a_file_that_is_still_being_written_is_waited_for(self, tmp_path: Path) -> None:
        (tmp_path / "a.md").write_text("x")
        changed = (tmp_path / "a.md").stat().st_mtime
        assert folder_digest(tmp_path, now=changed + 1) is None
        assert folder_digest(tmp_path, now=changed + 3) is not None

    def test_size_time_name_and_disappearance_change_it(self, tmp_path: Path) -> None:
        file = tmp_path / "inner" / "a.md"
        file.parent.mkdir()
        file.write_text("x")
        os.utime(file, ns=(1, 1))
        seen = [folder_digest(tmp_path, now=LATER)]
        os.utime(file, ns=(2, 2))
        seen.append(folder_digest(tmp_path, now=LATER))
        file.write_text("xy")
        os.utime(file, ns=(2, 2))
        seen.append(folder_digest(tmp_path, now=LATER))
        (tmp_path / "b.md").write_text("z")
        seen.append(folder_digest(tmp_path, now=LATER))
        file.rename(tmp_path / "c.md")
        seen.append(folder_digest(tmp_path, now=LATER))
        assert len(set(seen)) == 5

    def test_unchanged_stays(self, tmp_path: Path) -> None:
        (tmp_path / "a.md").write_text("x")
        (tmp_path / ".hidden").write_text("x")
        first = folder_digest(tmp_path, now=LATER)
        (tmp_path / ".hidden").write_text("y")
        assert folder_digest(tmp_path, now=LATER) == first
