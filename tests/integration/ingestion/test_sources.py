"""Sources, end to end: what is new, changed, unchanged, vanished or broken at a folder, a bucket and a site."""

import json
import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from ingestion.errors import FetchError, IngestionError
from ingestion.leases import worker_name
from ingestion.sources.sitemap import SitemapSource, locations
from ingestion.sources.source import Content, SourceItem
from ingestion.sources.sync import run_next, sync_source
from ingestion.sources.urls import UrlsSource
from storage.postgres.models.base import JsonObject
from storage.postgres.models.document import Document
from storage.postgres.models.document_version import DocumentVersion
from storage.postgres.models.job import Job
from storage.postgres.models.knowledge_base import KnowledgeBase
from storage.postgres.models.source import SYNC_JOB
from storage.postgres.models.source import Source as SourceRow
from storage.postgres.session import organization_session
from storage.records.source_settings import SitemapSettings, UrlsSettings
from storage.stores import Stores
from tests.factories.knowledge import FAST
from tests.unit.ingestion.sources.test_safe_fetch import NAMED, Site, allowing, resolve


class Place:
    """A source of a knowledge base, and what its documents are."""

    def __init__(self, stores: Stores, knowledge_base: KnowledgeBase, kind: str, settings: JsonObject) -> None:
        self.stores = stores
        self.base = knowledge_base
        with organization_session(stores.app, knowledge_base.organization_id) as session:
            row = SourceRow(
                organization_id=knowledge_base.organization_id, knowledge_base_id=knowledge_base.id,
                name=uuid.uuid4().hex, kind=kind, settings=settings,
            )  # fmt: skip
            session.add(row)
        self.id = row.id

    def sync(self, source: object = None) -> JsonObject:
        return sync_source(
            self.stores, self.base.organization_id, self.id, source=source, settings=FAST,  # type: ignore[arg-type]
        )  # fmt: skip

    def counts(self, source: object = None) -> tuple[int, int, int, int]:
        found = self.sync(source)
        return found["staged"], found["unchanged"], found["failed"], found["vanished"]

    def documents(self) -> dict[str, Document]:
        with organization_session(self.stores.app, self.base.organization_id) as session:
            rows = session.scalars(
                select(Document).where(Document.knowledge_base_id == self.base.id, Document.tombstoned_at.is_(None))
            )
            return {row.name: row for row in rows}

    def versions(self) -> int:
        with organization_session(self.stores.app, self.base.organization_id) as session:
            return len(session.scalars(select(DocumentVersion.id)).all())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a.md").write_text("The spare key hangs behind the blue door.")
    (tmp_path / "b.md").write_text("The lamps of the hall are switched off at ten.")
    return tmp_path


@pytest.fixture
def shelf(stores: Stores, knowledge_base: KnowledgeBase, folder: Path) -> Place:
    return Place(stores, knowledge_base, "folder", {"path": str(folder)})


class TestFolder:
    def test_new_unchanged_changed_and_vanished(self, shelf: Place, folder: Path) -> None:
        assert shelf.counts() == (2, 0, 0, 0)
        assert shelf.counts() == (0, 2, 0, 0)
        (folder / "a.md").write_text("The spare key hangs behind the green door.")
        (folder / "b.md").unlink()
        assert shelf.counts() == (1, 0, 0, 1)
        assert set(shelf.documents()) == {"a.md"}
        assert shelf.versions() == 3

    def test_an_empty_or_missing_folder_takes_nothing_away(self, shelf: Place, folder: Path) -> None:
        shelf.sync()
        for name in ("a.md", "b.md"):
            (folder / name).unlink()
        assert shelf.counts() == (0, 0, 0, 0)
        folder.rmdir()
        assert "no folder" in shelf.sync()["problems"][0]
        assert len(shelf.documents()) == 2

    def test_touching_a_file_makes_no_version(self, shelf: Place, folder: Path) -> None:
        shelf.sync()
        os.utime(folder / "a.md", (1, 1))
        assert shelf.counts() == (0, 2, 0, 0)
        assert shelf.versions() == 2

    def test_the_last_result_is_kept(self, shelf: Place) -> None:
        result = shelf.sync()
        with organization_session(shelf.stores.app, shelf.base.organization_id) as session:
            row = session.get_one(SourceRow, shelf.id)
        assert row.last_run_at is not None
        assert row.last_result == result

    def test_an_unknown_source_is_said(self, shelf: Place) -> None:
        with pytest.raises(IngestionError, match="no source"):
            sync_source(shelf.stores, shelf.base.organization_id, uuid.uuid4())


class TestSidecar:
    def test_it_gives_fields_and_is_no_document(self, shelf: Place, folder: Path) -> None:
        (folder / "a.md.meta.yaml").write_text(
            "title: Keys\nauthor: Ada\ntags: [hr, door]\ncreated: 2026-01-02\ncustom: {team: people, sites: [Bonn]}\n"
        )
        assert shelf.counts() == (2, 0, 0, 0)
        found = shelf.documents()
        assert set(found) == {"a.md", "b.md"}
        assert found["a.md"].tags == ["hr", "door"]
        assert found["a.md"].custom_metadata == {
            "title": "Keys", "author": "Ada", "created": "2026-01-02", "team": "people", "sites": ["Bonn"],
        }  # fmt: skip

    def test_a_changed_one_changes_fields_without_reading_the_document(self, shelf: Place, folder: Path) -> None:
        sidecar = folder / "a.md.meta.json"
        sidecar.write_text(json.dumps({"title": "Keys", "custom": {"team": "people"}}))
        shelf.sync()
        sidecar.write_text(json.dumps({"title": "All keys of the house"}))
        assert shelf.counts() == (0, 2, 0, 0)
        assert shelf.documents()["a.md"].custom_metadata == {"title": "All keys of the house"}
        sidecar.unlink()
        assert shelf.counts() == (0, 2, 0, 0)
        assert shelf.documents()["a.md"].custom_metadata == {}

    @pytest.mark.parametrize(
        "text",
        ["title: [", "titel: x", "- a", "title: {a: b}", "custom: {source_folder: /etc}", "a: &x [*x]", "x" * 70_000],
    )
    def test_a_bad_one_is_a_warning_and_the_document_comes_in(self, shelf: Place, folder: Path, text: str) -> None:
        (folder / "a.md.meta.yaml").write_text(text)
        result = shelf.sync()
        assert result["staged"] == 2
        (problem,) = result["problems"]
        assert problem.startswith("a.md: its metadata is not used: `a.md.meta.yaml`")
        assert shelf.documents()["a.md"].custom_metadata == {}


class TestBucket:
    @pytest.fixture
    def bucket(self, folder: Path, stores: Stores, knowledge_base: KnowledgeBase) -> Iterator[Place]:
        import fsspec

        files = fsspec.filesystem("memory")
        root = f"/{uuid.uuid4().hex}"
        files.pipe(f"{root}/a.md", b"The spare key hangs behind the blue door.")
        files.pipe(f"{root}/sub/b.md", b"The lamps of the hall are switched off at ten.")
        files.pipe(f"{root}/a.md.meta.yaml", b"tags: [hr]")
        yield Place(stores, knowledge_base, "bucket", {"url": f"memory:/{root}"})
        files.rm(root, recursive=True)

    def test_new_unchanged_changed_and_vanished(self, bucket: Place) -> None:
        import fsspec

        assert bucket.counts() == (2, 0, 0, 0)
        assert bucket.counts() == (0, 2, 0, 0)
        found = bucket.documents()
        assert found["a.md"].tags == ["hr"]
        assert found["b.md"].source_uri.startswith("memory://")
        files = fsspec.filesystem("memory")
        root = found["a.md"].source_uri.removeprefix("memory:/").rsplit("/", 1)[0]
        files.pipe(f"{root}/a.md", b"The spare key hangs behind the green door.")
        files.rm(f"{root}/sub/b.md")
        assert bucket.counts() == (1, 0, 0, 1)

    def test_a_missing_package_says_what_to_install(self, stores: Stores, knowledge_base: KnowledgeBase) -> None:
        pytest.importorskip("fsspec")
        try:
            import s3fs  # type: ignore[import-not-found,unused-ignore]  # noqa: F401
        except ImportError:
            place = Place(stores, knowledge_base, "bucket", {"url": "s3://manuals/public"})
            assert "pip install 'pixel-ai-creator[s3]'" in place.sync()["problems"][0]
        else:
            pytest.skip("s3fs is installed here")

    @pytest.mark.parametrize("url", ["simplecache::file:///etc", "zip://x::file:///a", "http://h/x", "file:///a/*"])
    def test_chains_and_patterns_are_refused(self, stores: Stores, knowledge_base: KnowledgeBase, url: str) -> None:
        assert Place(stores, knowledge_base, "bucket", {"url": url}).sync()["problems"]


class TestSite:
    @pytest.fixture
    def site(self) -> Iterator[Site]:
        made = Site()
        yield made
        made.shutdown()
        made.server_close()

    def test_unchanged_pages_are_not_sent_again(
        self, stores: Stores, knowledge_base: KnowledgeBase, site: Site
    ) -> None:
        urls = tuple(f"http://{NAMED}:{site.server_port}/{path}" for path in ("page", "nothing"))
        place = Place(stores, knowledge_base, "urls", {"urls": list(urls)})
        source = UrlsSource(UrlsSettings(urls=urls), settings=allowing(site), resolve=resolve)
        assert place.counts(source) == (1, 0, 1, 0)
        assert place.counts(source) == (0, 1, 1, 0)
        shorter = UrlsSource(UrlsSettings(urls=urls[1:]), settings=allowing(site), resolve=resolve)
        assert place.counts(shorter) == (0, 0, 1, 0)  # nothing was there at all
        assert len(place.documents()) == 1

    def test_a_private_address_is_a_problem_of_its_item(
        self, stores: Stores, knowledge_base: KnowledgeBase, site: Site
    ) -> None:
        place = Place(stores, knowledge_base, "urls", {"urls": ["http://127.0.0.1/x"]})
        result = place.sync()
        assert result["failed"] == 1
        assert "not public" in result["problems"][0]
        assert site.seen == []

    def test_a_sitemap_is_no_page(self, site: Site) -> None:
        url = f"http://{NAMED}:{site.server_port}/page"
        with pytest.raises(FetchError, match="not well-formed"):
            list(SitemapSource(SitemapSettings(url=url), settings=allowing(site), resolve=resolve).items())


class TestLocations:
    def test_pages_and_indexes(self) -> None:
        page = b"<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'><url><loc> https://a.test/x </loc></url></urlset>"
        assert locations(page) == (["https://a.test/x"], False)
        index = b"<sitemapindex><sitemap><loc>https://a.test/s.xml</loc></sitemap></sitemapindex>"
        assert locations(index) == (["https://a.test/s.xml"], True)

    @pytest.mark.parametrize(
        "data",
        [
            b"<!DOCTYPE urlset [<!ENTITY x 'y'>]><urlset><url><loc>&x;</loc></url></urlset>",
            b"<!DOCTYPE urlset SYSTEM 'http://127.0.0.1/x'><urlset/>",
            b"<html/>",
            b"",
            b"<urlset>",
        ],
    )
    def test_anything_else_is_refused(self, data: bytes) -> None:
        with pytest.raises(FetchError):
            locations(data)


class Half:
    """A source whose listing breaks off."""

    def __init__(self, *items: SourceItem) -> None:
        self._items = items

    def items(self) -> Iterator[SourceItem]:
        yield from self._items
        raise FetchError("the listing broke off")

    def fetch(self, item: SourceItem, stored: JsonObject) -> Content | None:
        return Content(data=item.uri.encode())

    def sidecar(self, place: str) -> bytes:
        raise FetchError("none")


class TestSync:
    def test_a_listing_that_breaks_off_takes_nothing_away(self, shelf: Place) -> None:
        shelf.sync()
        item = SourceItem(uri="x:y", name="y.md", place="y")
        assert shelf.counts(Half(item)) == (1, 0, 0, 0)
        assert set(shelf.documents()) == {"a.md", "b.md", "y.md"}

    def test_a_job_runs_once_and_ends(self, shelf: Place) -> None:
        with organization_session(shelf.stores.app, shelf.base.organization_id) as session:
            job = Job(organization_id=shelf.base.organization_id, kind=SYNC_JOB, subject_id=shelf.id)
            session.add(job)
        assert run_next(shelf.stores, worker_name(), settings=FAST)
        assert not run_next(shelf.stores, worker_name(), settings=FAST)
        with organization_session(shelf.stores.app, shelf.base.organization_id) as session:
            assert session.get_one(Job, job.id).state == "succeeded"
        assert len(shelf.documents()) == 2
