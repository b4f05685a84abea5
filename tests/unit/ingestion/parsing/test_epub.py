"""Tests of e-books."""

from pathlib import Path

import pytest

from ingestion.errors import ParseError
from ingestion.parsing.parse import parse
from storage.records.failure_type import FailureType
from tests.factories.documents import request_for
from tests.factories.office import zip_bytes

CONTAINER = "<container><rootfiles><rootfile full-path='OPS/book.opf'/></rootfiles></container>"
BOOK = (
    "<package xmlns:dc='http://purl.org/dc/elements/1.1/'><metadata><dc:title>Beans</dc:title><dc:creator>Anna</dc:creator>"
    "<dc:language>en-GB</dc:language></metadata><manifest><item id='b' href='b.xhtml' media-type='application/xhtml+xml'/>"
    "<item id='a' href='a%20x.xhtml' media-type='application/xhtml+xml'/>"
    "<item id='n' href='nav.xhtml' media-type='application/xhtml+xml' properties='nav'/></manifest>"
    "<spine><itemref idref='n'/><itemref idref='a'/><itemref idref='b'/></spine></package>"
)
PAGE = "<?xml version='1.0' encoding='utf-8'?><!DOCTYPE html><html xmlns='http://www.w3.org/1999/xhtml'><body>{}</body></html>"


def epub(**parts: str) -> bytes:
    return zip_bytes(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": CONTAINER,
            "OPS/book.opf": BOOK,
            "OPS/nav.xhtml": PAGE.format("<nav>Contents</nav>"),
            "OPS/a x.xhtml": PAGE.format("<h1>First</h1><p>Größe.</p>"),
            "OPS/b.xhtml": PAGE.format("<h1>Second</h1><p>Text.</p>"),
            **parts,
        }
    )


class TestParseEpub:
    def test_chapters_in_the_order_of_the_spine(self, tmp_path: Path) -> None:
        document = parse(request_for(tmp_path / "a.epub", epub()))

        assert document.text == "First\n\nGröße.\n\nSecond\n\nText."
        assert (document.title, document.author, document.language) == ("Beans", "Anna", "en")

    def test_entities_are_refused(self, tmp_path: Path) -> None:
        page = "<!DOCTYPE html [<!ENTITY x 'bomb'>]><html><body>&x;</body></html>"

        with pytest.raises(ParseError, match="The EPUB defines XML entities"):
            parse(request_for(tmp_path / "a.epub", epub(**{"OPS/b.xhtml": page})))

    def test_protected(self, tmp_path: Path) -> None:
        parts = {"META-INF/encryption.xml": "<e><CipherReference URI='OPS/b.xhtml'/></e>"}

        with pytest.raises(ParseError) as caught:
            parse(request_for(tmp_path / "a.epub", epub(**parts)))

        assert caught.value.failure_type is FailureType.ENCRYPTED
