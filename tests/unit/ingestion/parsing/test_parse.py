"""Tests of telling formats apart by content."""

from pathlib import Path

import pytest

from ingestion.errors import ParseError
from ingestion.parsing.parse import parse
from storage.records.failure_type import FailureType
from tests.factories.documents import pdf_bytes, request_for

PDF = pdf_bytes([[(12, "Hello from a PDF.")]])


class TestParse:
    @pytest.mark.parametrize(
        ("name", "data", "media_type"),
        [
            ("a.pdf", PDF, "application/pdf"),
            ("a.md", b"# Title\n\ntext", "text/markdown"),
            ("a.txt", b"just text", "text/plain"),
            ("no-extension", b"just text", "text/plain"),
        ],
    )
    def test_reads_by_content(self, tmp_path: Path, name: str, data: bytes, media_type: str) -> None:
        document = parse(request_for(tmp_path / name, data))

        assert document.media_type == media_type
        assert "declared_type_mismatch" not in document.metadata

    @pytest.mark.parametrize(("name", "data"), [("report.txt", PDF), ("report.docx", PDF)])
    def test_a_wrong_name_is_recorded(self, tmp_path: Path, name: str, data: bytes) -> None:
        document = parse(request_for(tmp_path / name, data))

        assert document.text == "Hello from a PDF."
        assert document.metadata["declared_type_mismatch"]

    def test_a_wrong_declared_type_is_recorded(self, tmp_path: Path) -> None:
        request = request_for(tmp_path / "a", PDF).model_copy(update={"declared_type": "text/plain; charset=utf-8"})

        assert parse(request).metadata["declared_type_mismatch"] == "text/plain"

    @pytest.mark.parametrize(
        ("name", "data", "failure_type", "words"),
        [
            ("a.pdf", b"", FailureType.EMPTY, "0 bytes"),
            ("a.pdf", b"Dear Sir or Madam, this is a letter.", FailureType.DAMAGED, "mislabelled"),
            ("a.docx", b"PK\x03\x04 cut off", FailureType.DAMAGED, "cut-off"),
            ("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 500, FailureType.UNSUPPORTED, "Save it as DOCX"),
            (
                "a.docx",
                b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"),
                FailureType.ENCRYPTED,
                "password",
            ),
            ("a.html", b"<!DOCTYPE html><html><body>x</body></html>", FailureType.UNSUPPORTED, "web page"),
            ("a.gif", b"GIF89a......", FailureType.UNSUPPORTED, "GIF"),
            ("a.webp", b"RIFF\0\0\0\0WEBPVP8 ", FailureType.UNSUPPORTED, "WebP"),
            ("a.mp4", b"\0\0\0\x18ftypmp42", FailureType.UNSUPPORTED, "video"),
            ("a.eml", b"Subject: x\nMIME-Version: 1.0\n\nbody", FailureType.UNSUPPORTED, "e-mail"),
            ("a.exe", b"MZ\x90\0", FailureType.UNSUPPORTED, "program"),
        ],
    )
    def test_says_why_not(self, tmp_path: Path, name: str, data: bytes, failure_type: FailureType, words: str) -> None:
        with pytest.raises(ParseError, match=words) as caught:
            parse(request_for(tmp_path / name, data))

        assert caught.value.failure_type is failure_type

    @pytest.mark.parametrize(
        ("member", "words"),
        [
            ("xl/workbook.xml", "Excel"),
            ("ppt/presentation.xml", "PowerPoint"),
            ("content.xml", "OpenDocument"),
            ("x", "ZIP"),
        ],
    )
    def test_other_archives(self, tmp_path: Path, member: str, words: str) -> None:
        import io
        import zipfile

        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr(member, b"x")

        with pytest.raises(ParseError, match=words) as caught:
            parse(request_for(tmp_path / "a.zip", buffer.getvalue()))

        assert caught.value.failure_type is FailureType.UNSUPPORTED

    def test_a_pdf_without_its_header_is_read_by_the_second_reader(self, tmp_path: Path) -> None:
        document = parse(request_for(tmp_path / "a.pdf", PDF.split(b"\n", 1)[1]))

        assert "Hello from a PDF." in document.text
        assert document.metadata["reader"] == "pypdf"
        assert [page.number for page in document.pages] == [1]
