"""Tests of walking folders."""

import os
from pathlib import Path

import pytest

from ingestion.errors import IntakeError
from ingestion.sources.folder import walk


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "docs"
    (root / "sub").mkdir(parents=True)
    (root / "b.md").write_text("b")
    (root / "a.md").write_text("a")
    (root / "sub" / "c.md").write_text("c")
    return root


class TestWalk:
    def test_names_and_order(self, folder: Path) -> None:
        assert [source.source_uri for source in walk(folder)] == [
            "file:docs/a.md",
            "file:docs/b.md",
            "file:docs/sub/c.md",
        ]

    def test_one_file_is_the_same_document_as_in_its_folder(self, folder: Path) -> None:
        assert [source.source_uri for source in walk(folder / "a.md")] == ["file:docs/a.md"]

    def test_hidden_files_and_folders_are_skipped(self, folder: Path) -> None:
        (folder / ".git").mkdir()
        (folder / ".git" / "x").write_text("x")
        (folder / ".hidden").write_text("x")

        assert len(list(walk(folder))) == 3

    def test_links_may_not_lead_out(self, folder: Path, tmp_path: Path) -> None:
        (tmp_path / "secret").mkdir()
        (tmp_path / "secret" / "s.md").write_text("s")
        (folder / "file-link.md").symlink_to(tmp_path / "secret" / "s.md")
        (folder / "folder-link").symlink_to(tmp_path / "secret")
        (folder / "inside-link.md").symlink_to(folder / "a.md")
        (folder / "broken.md").symlink_to(tmp_path / "nothing")

        assert [source.name for source in walk(folder)] == ["a.md", "b.md", "inside-link.md", "c.md"]

    def test_a_name_that_is_no_text(self, folder: Path) -> None:
        (folder / "z\nline.md").write_text("x")
        Path(os.fsdecode(os.fsencode(folder) + b"/zz\xff.md")).write_text("x")

        assert [source.name for source in walk(folder)][2:4] == ["z\\x0aline.md", "zz\\xff.md"]

    def test_nothing_there(self, tmp_path: Path) -> None:
        with pytest.raises(IntakeError, match="no file or folder"):
            list(walk(tmp_path / "typo"))
