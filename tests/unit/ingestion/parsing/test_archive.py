"""Tests of hostile archives: each is refused for what it is, in the words of its own format."""

from collections.abc import Callable
from pathlib import Path

import pytest
from pptx.presentation import Presentation as Slides

from ingestion.errors import ParseError
from ingestion.parsing.parse import parse
from ingestion.parsing.request import ParseLimits
from storage.records.failure_type import FailureType
from tests.factories.documents import docx_bytes, request_for, rezipped
from tests.factories.office import duplicated_part, overlapping, pptx_bytes, xlsx_bytes, zip_bytes


def one_slide(slides: Slides) -> None:
    title = slides.slides.add_slide(slides.slide_layouts[5]).shapes.title
    assert title is not None
    title.text = "Results"


GOOD: dict[str, Callable[[], bytes]] = {
    "DOCX": docx_bytes,
    "XLSX": lambda: xlsx_bytes({"A": [["x", "y"]]}),
    "PPTX": lambda: pptx_bytes(one_slide),
}
MAIN = {"DOCX": "word/document.xml", "XLSX": "xl/workbook.xml", "PPTX": "ppt/presentation.xml"}


@pytest.mark.parametrize("kind", list(GOOD))
class TestCheckArchive:
    def refused(self, tmp_path: Path, kind: str, data: bytes, limits: ParseLimits | None = None) -> ParseError:
        with pytest.raises(ParseError, match=f"The {kind} ") as caught:
            parse(request_for(tmp_path / f"a.{kind.lower()}", data, limits=limits))
        return caught.value

    def test_a_decompression_bomb(self, tmp_path: Path, kind: str) -> None:
        data = rezipped(GOOD[kind](), add={"media/bomb.bin": b"\0" * 30_000_000})

        assert self.refused(tmp_path, kind, data).failure_type is FailureType.BOMB

    def test_many_small_bombs(self, tmp_path: Path, kind: str) -> None:
        data = rezipped(GOOD[kind](), add={f"media/{n}.bin": b"\0" * 1_000_000 for n in range(40)})
        limits = ParseLimits(max_unpacked_bytes=30_000_000, max_compression_ratio=50)

        assert self.refused(tmp_path, kind, data, limits).failure_type is FailureType.BOMB

    def test_an_honest_size_is_no_bomb(self, tmp_path: Path, kind: str) -> None:
        error = self.refused(tmp_path, kind, GOOD[kind](), ParseLimits(max_unpacked_bytes=5_000))

        assert error.failure_type is FailureType.TOO_LARGE
        assert "0.005 MB" in error.reason

    def test_parts_that_overlap(self, tmp_path: Path, kind: str) -> None:
        assert self.refused(tmp_path, kind, overlapping(GOOD[kind]())).failure_type is FailureType.BOMB

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
    def test_a_dtd(self, tmp_path: Path, kind: str, encoding: str) -> None:
        xml = f'<?xml version="1.0" encoding="{encoding}"?><!DOCTYPE x [<!ENTITY a "ha">]><x>&a;</x>'.encode(encoding)

        error = self.refused(tmp_path, kind, rezipped(GOOD[kind](), replace={MAIN[kind]: xml}))

        assert error.failure_type is FailureType.DAMAGED
        assert "DTD" in error.reason

    @pytest.mark.parametrize("name", ["../evil.xml", "/etc/evil.xml"])
    def test_paths_that_lead_out(self, tmp_path: Path, kind: str, name: str) -> None:
        error = self.refused(tmp_path, kind, rezipped(GOOD[kind](), add={name: b"x"}))

        assert "outside" in error.reason

    def test_a_part_that_is_there_twice(self, tmp_path: Path, kind: str) -> None:
        error = self.refused(tmp_path, kind, duplicated_part(GOOD[kind](), MAIN[kind]))

        assert "twice" in error.reason

    def test_more_than_five_thousand_parts(self, tmp_path: Path, kind: str) -> None:
        data = rezipped(GOOD[kind](), add={f"x/{n}": b"" for n in range(5_001)})

        assert "parts" in self.refused(tmp_path, kind, data).reason

    def test_an_archive_inside_is_never_unpacked(self, tmp_path: Path, kind: str) -> None:
        inner = zip_bytes({"secret.txt": "text of the inner archive"})
        folder = MAIN[kind].split("/", 1)[0]
        data = rezipped(GOOD[kind](), add={f"{folder}/embeddings/inner.zip": inner})

        document = parse(request_for(tmp_path / f"a.{kind.lower()}", data))

        assert "inner archive" not in document.text
        assert [finding.kind for finding in document.findings] == ["attachment"]
        assert "inner.zip" in document.findings[0].detail

    def test_cut_off(self, tmp_path: Path, kind: str) -> None:
        data = GOOD[kind]()

        with pytest.raises(ParseError) as caught:
            parse(request_for(tmp_path / f"a.{kind.lower()}", data[: len(data) // 2]))

        assert caught.value.failure_type is FailureType.DAMAGED
