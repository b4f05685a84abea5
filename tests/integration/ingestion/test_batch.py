"""Tests of taking in folders."""

import os
from pathlib import Path

import pytest

from ingestion.batch import FileResult, IngestReport, ingest_paths
from ingestion.errors import IntakeError
from storage.postgres.models.document import Document
from storage.postgres.models.knowledge_base import KnowledgeBase
from storage.postgres.session import organization_session
from storage.reconciler import verify
from storage.stores import Stores
from tests.factories.documents import docx_bytes, encrypted_pdf_bytes, pdf_bytes
from tests.factories.knowledge import FAST
from tests.integration.ingestion.ledger_view import LedgerView

SHARED = Path(__file__).parents[4] / "shared" / "data" / "documents"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "docs"
    root.mkdir()
    (root / "a.md").write_text("# Ink\n\nInk costs four euros.")
    (root / "b.docx").write_bytes(docx_bytes())
    (root / "c.pdf").write_bytes(pdf_bytes([[(12, "Paper costs five euros.")], [(12, "Page two.")]]))
    (root / "d.pdf").write_bytes(encrypted_pdf_bytes(user_password="x"))
    (root / "e.txt").write_bytes(b"")
    return root


def ingest(
    stores: Stores, knowledge_base: KnowledgeBase, *paths: Path, seen: list[FileResult] | None = None
) -> IngestReport:
    return ingest_paths(
        stores,
        paths,
        organization_id=knowledge_base.organization_id,
        knowledge_base_id=knowledge_base.id,
        on_file=seen.append if seen is not None else None,
        settings=FAST,
    )


class TestIngestPaths:
    def test_says_what_became_of_each(self, stores: Stores, knowledge_base: KnowledgeBase, folder: Path) -> None:
        seen: list[FileResult] = []

        report = ingest(stores, knowledge_base, folder, seen=seen)

        by_name = {Path(result.path).name: result for result in report.files}
        assert {name: (r.state, r.pages, r.passages) for name, r in by_name.items()} == {
            "a.md": ("ready", None, 1),
            "b.docx": ("ready", None, 2),
            "c.pdf": ("ready", 2, 1),
            "d.pdf": ("failed", None, 0),
            "e.txt": ("failed", None, 0),
        }
        assert (by_name["d.pdf"].reason or "").startswith("encrypted: ")
        assert list(by_name["a.md"].model_dump()) == [
            "path", "state", "reason", "document_id", "pages", "passages", "seconds",
        ]  # fmt: skip
        assert sorted(result.path for result in seen) == sorted(result.path for result in report.files)
        assert {
            key: report.summary[key] for key in ("files", "ready", "failed", "passages", "embeddings_computed")
        } == {
            "files": 5,
            "ready": 3,
            "failed": {"empty": 1, "encrypted": 1},
            "passages": 4,
            "embeddings_computed": 4,
        }

    def test_again_does_nothing(self, stores: Stores, knowledge_base: KnowledgeBase, folder: Path) -> None:
        ingest(stores, knowledge_base, folder)

        report = ingest(stores, knowledge_base, folder)

        assert {result.state for result in report.files} == {"unchanged"}
        assert report.summary["embeddings_computed"] == 0
        assert report.summary["unchanged"] == 5

    def test_vanished_files_are_taken_away(self, stores: Stores, knowledge_base: KnowledgeBase, folder: Path) -> None:
        ingest(stores, knowledge_base, folder)
        (folder / "a.md").unlink()

        report = ingest(stores, knowledge_base, folder)

        view = LedgerView(stores, knowledge_base.organization_id)
        assert report.summary["vanished"] == 1
        assert len(view.indexed_chunks()) == 3
        assert verify(stores, heal=False, organization_id=view.organization_id).is_clean

    def test_another_folder_of_the_same_name_takes_nothing_away(
        self, stores: Stores, knowledge_base: KnowledgeBase, folder: Path, tmp_path: Path
    ) -> None:
        ingest(stores, knowledge_base, folder)
        twin = tmp_path / "other" / "docs"
        twin.mkdir(parents=True)
        (twin / "new.md").write_text("Something new.")

        assert ingest(stores, knowledge_base, twin).summary["vanished"] == 0

    def test_an_empty_folder_takes_nothing_away(
        self, stores: Stores, knowledge_base: KnowledgeBase, folder: Path
    ) -> None:
        ingest(stores, knowledge_base, folder)
        for path in folder.iterdir():
            path.unlink()

        assert ingest(stores, knowledge_base, folder).summary["vanished"] == 0

    def test_an_unreadable_file_does_not_stop_the_others(
        self, stores: Stores, knowledge_base: KnowledgeBase, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        real = Path.stat

        def refuse(path: Path, *, follow_symlinks: bool = True) -> object:
            if path.name == "a.md":
                raise PermissionError(13, "Permission denied")
            return real(path, follow_symlinks=follow_symlinks)

        from ingestion.sources.folder import walk

        found = list(walk(folder))
        monkeypatch.setattr("ingestion.batch.walk", lambda path, on_problem: iter(found))
        monkeypatch.setattr(Path, "stat", refuse)

        report = ingest(stores, knowledge_base, folder)

        assert report.summary["failed"] == {"empty": 1, "encrypted": 1, "unreadable": 1}
        assert report.summary["ready"] == 2

    def test_an_unreadable_subfolder_is_named_and_takes_nothing_away(
        self, stores: Stores, knowledge_base: KnowledgeBase, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (folder / "sub").mkdir()
        (folder / "sub" / "s.md").write_text("Something inside.")
        ingest(stores, knowledge_base, folder)
        real = os.scandir

        def refuse(path: str) -> object:
            if str(path).endswith("sub"):
                raise PermissionError(13, "Permission denied", str(path))
            return real(path)

        monkeypatch.setattr(os, "scandir", refuse)

        report = ingest(stores, knowledge_base, folder)

        assert report.summary["vanished"] == 0
        assert [Path(r.path).name for r in report.files if (r.reason or "").startswith("unreadable")] == ["sub"]

    def test_a_path_that_is_not_there(self, stores: Stores, knowledge_base: KnowledgeBase, tmp_path: Path) -> None:
        with pytest.raises(IntakeError, match="no file or folder"):
            ingest(stores, knowledge_base, tmp_path / "typo")

    @pytest.mark.shared_data
    @pytest.mark.skipif(not SHARED.is_dir(), reason="the shared documents are not beside the checkout")
    def test_real_files(self, stores: Stores, knowledge_base: KnowledgeBase) -> None:
        report = ingest(stores, knowledge_base, SHARED / "misc", SHARED / "onyx")

        states = {Path(result.path).name: result.state for result in report.files}
        assert states["bitcoin.pdf"] == states["multipage.pdf"] == states["three_images.docx"] == "ready"
        assert states["encrypted.pdf"] == states["empty.pdf"] == "failed"
        assert verify(stores, heal=False, organization_id=knowledge_base.organization_id).is_clean


class TestSidecars:
    def test_describe_their_documents_and_are_none_themselves(
        self, stores: Stores, knowledge_base: KnowledgeBase, tmp_path: Path
    ) -> None:
        (tmp_path / "a.md").write_text("Ink costs four euros.")
        (tmp_path / "a.md.meta.yaml").write_text("tags: [ink, prices]\ncustom: {department: sales}\n")
        (tmp_path / "b.md").write_text("Paper costs two euros.")
        (tmp_path / "b.md.meta.json").write_text("{no json")

        report = ingest_paths(
            stores, [tmp_path], organization_id=knowledge_base.organization_id, knowledge_base_id=knowledge_base.id
        )

        by_name = {Path(row.path).name: row for row in report.files}
        assert sorted(by_name) == ["a.md", "b.md"]
        assert all(row.state == "ready" for row in report.files)
        assert (by_name["b.md"].reason or "").startswith("metadata: `b.md.meta.json` is no JSON")
        with organization_session(stores.app, knowledge_base.organization_id) as session:
            document = session.get_one(Document, by_name["a.md"].document_id)
            assert document.tags == ["ink", "prices"]
            assert document.custom_metadata["department"] == "sales"
