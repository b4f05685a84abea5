"""The file store cannot be written while documents are uploaded."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
from sqlalchemy import Engine, text

from tests.factories.installation import Customer, Installation

BIG = b"# Notes\n\n" + b"The archive of the company is kept on the third floor. " * 5000


@contextmanager
def disk_full(installation: Installation) -> Iterator[None]:
    """The API's process can write no file of more than 64 KiB."""
    pid = installation.processes["api"].pid
    before = resource.prlimit(pid, resource.RLIMIT_FSIZE, (65536, resource.RLIM_INFINITY))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, before)


@contextmanager
def files_is_a_file(installation: Installation) -> Iterator[None]:
    """Something else stands where the store's folder belongs."""
    folder = installation.settings.home_path / "files"
    aside = folder.with_name("files.aside")
    if folder.exists():
        folder.rename(aside)
    folder.write_text("not a folder")
    try:
        yield
    finally:
        folder.unlink()
        if aside.exists():
            aside.rename(folder)


def ledger_rows(ledger: Engine, customer: Customer) -> int:
    statement = text(
        "SELECT (SELECT count(*) FROM documents WHERE organization_id = :id)"
        " + (SELECT count(*) FROM document_versions WHERE organization_id = :id)"
        " + (SELECT count(*) FROM jobs WHERE organization_id = :id)"
    )
    with ledger.connect() as connection:
        return int(connection.scalar(statement, {"id": customer.organization.id}) or 0)


def assert_refused(response: httpx2.Response, installation: Installation) -> None:
    assert response.status_code == 503, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert int(response.headers["retry-after"]) >= 1
    told = response.json()
    assert told["type"] == "/problems/store-unavailable"
    assert "\n" not in told["detail"]
    # A client learns what to do, not where the server keeps its files.
    assert str(installation.settings.home_path) not in response.text


def assert_nothing_half_written(installation: Installation) -> None:
    assert list(installation.settings.home_path.glob("files/**/*.tmp")) == []


class TestUpload:
    def test_a_full_disk_is_said_and_nothing_is_kept(self, installation: Installation, ledger: Engine) -> None:
        customer = installation.customer()
        with customer.client() as client:
            with disk_full(installation):
                response = customer.upload(client, "notes.md", BIG)
            assert_refused(response, installation)
            assert_nothing_half_written(installation)
            assert ledger_rows(ledger, customer) == 0
            accepted = customer.upload(client, "notes.md", BIG)
            assert accepted.status_code == 202
            document = accepted.json()["document_id"]
            assert customer.wait_until_read(client, {document}, seconds=90) == {document: "ready"}

    def test_a_folder_that_is_none_is_said_and_nothing_is_kept(
        self, installation: Installation, ledger: Engine
    ) -> None:
        customer = installation.customer()
        with customer.client() as client:
            with files_is_a_file(installation):
                assert_refused(customer.upload(client, "notes.md", BIG), installation)
            assert ledger_rows(ledger, customer) == 0
            assert customer.upload(client, "notes.md", BIG).status_code == 202
