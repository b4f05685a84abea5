"""Tests of telling formats apart by content."""

from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from ingestion.errors import ParseError
from ingestion.parsing.detect import MediaType
from ingestion.parsing.ocr import ocr_available
from ingestion.parsing.parse import parse
from storage.records.failure_type import FailureType
from tests.factories.documents import docx_bytes, pdf_bytes, request_for
from tests.factories.office import xlsx_bytes, zip_bytes

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
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
            ("a.gif", b"GIF89a......", FailureType.DAMAGED, "picture"),
            ("a.rtf", b"{\\rtf1 text}", FailureType.UNSUPPORTED, "RTF"),
            ("a.xls", OLE + "Workbook\0".encode("utf-16-le"), FailureType.UNSUPPORTED, "XLSX or CSV"),
            ("a.ppt", OLE + "PowerPoint Document\0".encode("utf-16-le"), FailureType.UNSUPPORTED, "PPTX or PDF"),
            ("a.msg", OLE + "__properties_version1.0\0".encode("utf-16-le"), FailureType.UNSUPPORTED, "Outlook"),
            ("a.mp4", b"\0\0\0\x18ftypmp42", FailureType.UNSUPPORTED, "video"),
            ("a.exe", b"MZ\x90\0", FailureType.UNSUPPORTED, "program"),
        ],
    )
    def test_says_why_not(self, tmp_path: Path, name: str, data: bytes, failure_type: FailureType, words: str) -> None:
        with pytest.raises(ParseError, match=words) as caught:
            parse(request_for(tmp_path / name, data))

        assert caught.value.failure_type is failure_type

    @pytest.mark.parametrize(
        ("parts", "words"),
        [
            ({"xl/workbook.bin": ""}, "xlsb"),
            ({"content.xml": "", "mimetype": "application/vnd.oasis.opendocument.spreadsheet"}, "XLSX or CSV"),
            ({"content.xml": "", "mimetype": "application/vnd.oasis.opendocument.presentation"}, "PPTX or PDF"),
            ({"x": ""}, "Unpack it"),
        ],
    )
    def test_other_archives(self, tmp_path: Path, parts: dict[str, str], words: str) -> None:
        with pytest.raises(ParseError, match=words) as caught:
            parse(request_for(tmp_path / "a.zip", zip_bytes(parts)))

        assert caught.value.failure_type is FailureType.UNSUPPORTED

    @pytest.mark.parametrize(
        ("name", "data", "media_type"),
        [
            ("a.txt", b"\xef\xbb\xbf <!-- x --><!DOCTYPE HTML><p>Text", MediaType.HTML),
            ("a.txt", "<html><p>Text".encode("utf-16"), MediaType.HTML),
            ("a.html", b"<p>Text</p>", MediaType.HTML),
            ("a.html", b"no tags at all", MediaType.TEXT),
            ("a.csv", b"a,b\n1,2\n", MediaType.CSV),
            ("a.tsv", b"<html><p>Text", MediaType.HTML),
            ("a.eml", b"Subject: x\n\nText", MediaType.EML),
            ("a.txt", b"Message-ID: <1@x>\nSubject: x\n\nText", MediaType.EML),
            ("a.txt", b"From: me\nSubject: notes of today\n\nText", MediaType.TEXT),
            ("a.txt", b"Note: this is\nno mail at all", MediaType.TEXT),
            ("a.txt", b"BMW and other makers of cars", MediaType.TEXT),
        ],
    )
    def test_texts_are_told_apart(self, tmp_path: Path, name: str, data: bytes, media_type: MediaType) -> None:
        assert parse(request_for(tmp_path / name, data)).media_type == media_type

    @pytest.mark.skipif(not ocr_available(), reason="Tesseract is not installed")
    @pytest.mark.parametrize(
        ("kind", "media_type", "frames"),
        [
            ("WEBP", MediaType.WEBP, 1),
            ("BMP", MediaType.BMP, 1),
            ("TIFF", MediaType.TIFF, 2),
            ("GIF", MediaType.GIF, 1),
        ],
    )
    def test_further_pictures(self, tmp_path: Path, kind: str, media_type: MediaType, frames: int) -> None:
        images = []
        for number in range(2 if kind == "GIF" else frames):  # of an animation the first frame counts
            image = Image.new("L", (900, 300), 255)
            ImageDraw.Draw(image).text((40, 100), f"Receipt number {number + 1}", fill=0, font_size=70)
            images.append(image)
        more = {"save_all": True, "append_images": images[1:]} if len(images) > 1 else {}
        images[0].save(tmp_path / "picture", kind, **more)

        document = parse(request_for(tmp_path / "picture"))

        assert (document.media_type, document.page_count) == (media_type, frames)
        assert f"Receipt number {frames}" in document.text

    @pytest.mark.parametrize("name", ["a.docx", "a.txt", "a"])
    def test_office_files_with_a_wrong_name(self, tmp_path: Path, name: str) -> None:
        document = parse(request_for(tmp_path / name, xlsx_bytes({"S": [["a", "b"]]})))

        assert document.media_type == MediaType.XLSX
        assert ("declared_type_mismatch" in document.metadata) == (name != "a")

    @pytest.mark.parametrize(
        ("data", "media_type"),
        [
            (b"<html>" + PDF, MediaType.PDF),
            (PDF + docx_bytes(), MediaType.PDF),
            (b"%!" + b" " * 2000 + b"%PDF-1.4 <html>", MediaType.TEXT),
        ],
    )
    def test_polyglots_are_read_as_one_thing(self, tmp_path: Path, data: bytes, media_type: MediaType) -> None:
        document = parse(request_for(tmp_path / "a.pdf" if media_type is MediaType.PDF else tmp_path / "a.txt", data))

        assert document.media_type == media_type
        assert "Travel" not in document.text

    def test_an_archive_in_front_of_a_page_is_judged_as_archive(self, tmp_path: Path) -> None:
        with pytest.raises(ParseError, match="ZIP archive"):
            parse(request_for(tmp_path / "a.html", zip_bytes({"x": "x"}) + b"<html><script>steal()</script>"))

    def test_a_pdf_without_its_header_is_read_by_the_second_reader(self, tmp_path: Path) -> None:
        document = parse(request_for(tmp_path / "a.pdf", PDF.split(b"\n", 1)[1]))

        assert "Hello from a PDF." in document.text
        assert document.metadata["reader"] == "pypdf"
        assert [page.number for page in document.pages] == [1]
