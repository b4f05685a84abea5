"""Tests of OpenDocument texts."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from ingestion.errors import ParseError
from ingestion.parsing.parse import parse
from storage.records.failure_type import FailureType
from storage.records.parsed_document import FindingKind, ParsedDocument
from tests.factories.documents import request_for
from tests.factories.office import zip_bytes

NS = "urn:oasis:names:tc:opendocument:xmlns:"
SPACES = " ".join(
    [*(f"xmlns:{name}='{NS}{name}:1.0'" for name in ("office", "text", "table", "style", "meta")),
     f"xmlns:draw='{NS}drawing:1.0' xmlns:dc='http://purl.org/dc/elements/1.1/'"]
)  # fmt: skip
STYLES = (
    "<office:automatic-styles><text:list-style style:name='N'><text:list-level-style-number text:level='1'/>"
    "</text:list-style><style:style style:name='H'><style:text-properties text:display='none'/></style:style>"
    "</office:automatic-styles>"
)
META = (
    f"<office:document-meta {SPACES}><office:meta><dc:title>Guide</dc:title><meta:initial-creator>Anna</meta:initial-creator>"
    "<meta:creation-date>2024-03-01T10:00:00</meta:creation-date></office:meta></office:document-meta>"
)


def odt(body: str, **parts: str) -> bytes:
    content = (
        f"<office:document-content {SPACES}>{STYLES}<office:body><office:text>{body}</office:text></office:body>"
        "</office:document-content>"
    )
    mimetype = "application/vnd.oasis.opendocument.text"
    return zip_bytes({"mimetype": mimetype, "content.xml": content, "meta.xml": META, **parts})


def read(tmp_path: Path, body: str) -> ParsedDocument:
    return parse(request_for(tmp_path / "a.odt", odt(body)))


class TestParseOdt:
    def test_blocks_in_reading_order(self, tmp_path: Path) -> None:
        document = read(
            tmp_path,
            "<text:h text:outline-level='1'>Top</text:h><text:p>One<text:s text:c='2'/>two<text:note>"
            "<text:note-citation>1</text:note-citation><text:note-body><text:p>a note</text:p></text:note-body></text:note>.</text:p>"
            "<text:list text:style-name='N'><text:list-item><text:p>first</text:p><text:list><text:list-item>"
            "<text:p>inner</text:p></text:list-item></text:list></text:list-item></text:list>"
            "<table:table><table:table-row><table:table-cell><text:p>a</text:p></table:table-cell><table:table-cell>"
            "<text:p>b</text:p></table:table-cell></table:table-row></table:table>"
            "<text:p>Box<draw:frame><draw:text-box><text:p>inside</text:p></draw:text-box></draw:frame></text:p>",
        )

        assert document.text.split("\n\n") == [
            "Top",
            "One  two[1].",
            "Footnote 1: a note",
            "1. first\n  - inner",
            "| a | b |\n| --- | --- |",
            "Box",
            "inside",
        ]
        assert (document.title, document.author) == ("Guide", "Anna")
        assert document.created_at == datetime(2024, 3, 1, 10, tzinfo=UTC)

    def test_deletions_and_comments_stay_out_and_hidden_text_is_told(self, tmp_path: Path) -> None:
        document = read(
            tmp_path,
            "<text:tracked-changes><text:p>deleted</text:p></text:tracked-changes><text:p>Seen"
            "<office:annotation><text:p>comment</text:p></office:annotation>"
            "<text:span text:style-name='H'>ghost</text:span></text:p>",
        )

        assert document.text == "Seen"
        assert [finding.kind for finding in document.findings] == [FindingKind.HIDDEN_TEXT]

    def test_a_password(self, tmp_path: Path) -> None:
        data = odt("<text:p>x</text:p>", **{"META-INF/manifest.xml": "<m><encryption-data/></m>"})

        with pytest.raises(ParseError) as caught:
            parse(request_for(tmp_path / "a.odt", data))

        assert caught.value.failure_type is FailureType.ENCRYPTED

    def test_a_dtd_is_refused(self, tmp_path: Path) -> None:
        data = zip_bytes(
            {"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": "<!DOCTYPE x [<!ENTITY a 'b'>]><x/>"}
        )

        with pytest.raises(ParseError, match="The ODT defines XML entities"):
            parse(request_for(tmp_path / "a.odt", data))
