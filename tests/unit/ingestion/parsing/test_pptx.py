"""Tests of presentations."""

from collections.abc import Callable
from pathlib import Path

import pytest
from pptx.chart.data import ChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.presentation import Presentation as Slides
from pptx.slide import Slide
from pptx.util import Inches

from ingestion.errors import ParseError
from ingestion.parsing.pptx import parse_pptx
from storage.records.failure_type import FailureType
from storage.records.parsed_document import FindingKind, ParsedDocument
from tests.factories.documents import request_for, rezipped
from tests.factories.office import pptx_bytes


def read(tmp_path: Path, build: Callable[[Slides], None]) -> ParsedDocument:
    return parse_pptx(request_for(tmp_path / "a.pptx", pptx_bytes(build)))


def blocks(document: ParsedDocument) -> list[tuple[str, str]]:
    return [(block.kind.value, document.text[block.char_start : block.char_end]) for block in document.blocks]


def add(slides: Slides, title: str, *, layout: int = 5) -> Slide:
    slide: Slide = slides.slides.add_slide(slides.slide_layouts[layout])
    assert slide.shapes.title is not None
    slide.shapes.title.text = title
    return slide


def box(slide: Slide, text: str, left: float, top: float) -> None:
    shape = slide.shapes.add_textbox(Inches(left), Inches(top), Inches(2), Inches(0.5))
    shape.text_frame.text = text


class TestParsePptx:
    def test_slides_are_pages_with_a_title(self, tmp_path: Path) -> None:
        def build(slides: Slides) -> None:
            slide = add(slides, "Results", layout=1)
            frame = slide.placeholders[1].text_frame
            frame.text = "Sales rose"
            inner = frame.add_paragraph()
            inner.text, inner.level = "by 5 %", 1
            notes = slide.notes_slide.notes_text_frame
            assert notes is not None
            notes.text = "Say thanks."
            slides.slides.add_slide(slides.slide_layouts[6])
            add(slides, "Outlook")

        document = read(tmp_path, build)

        assert blocks(document) == [
            ("heading", "Results"),
            ("list", "- Sales rose\n  - by 5 %"),
            ("paragraph", "Notes: Say thanks."),
            ("heading", "Outlook"),
        ]
        assert [document.text[page.char_start : page.char_end].split("\n")[0] for page in document.pages] == [
            "Results",
            "",
            "Outlook",
        ]
        assert (document.page_count, document.title, document.author) == (3, "Quarter", "Sales")

    def test_reading_order_is_by_place(self, tmp_path: Path) -> None:
        def build(slides: Slides) -> None:
            slide = slides.slides.add_slide(slides.slide_layouts[6])
            box(slide, "bottom", 1, 5)
            box(slide, "right", 6, 2.02)
            box(slide, "left", 1, 2.1)
            box(slide, "top", 3, 0.5)

        assert [text for _, text in blocks(read(tmp_path, build))] == ["top", "left", "right", "bottom"]

    def test_tables_and_charts(self, tmp_path: Path) -> None:
        def build(slides: Slides) -> None:
            slide = add(slides, "Numbers")
            table = slide.shapes.add_table(3, 2, Inches(1), Inches(2), Inches(4), Inches(1)).table
            for place, text in enumerate(["Item", "Price", "Cup | mug", "5", "", "6"]):
                table.cell(place // 2, place % 2).text = text
            table.cell(1, 0).merge(table.cell(2, 0))
            data = ChartData()  # type: ignore[no-untyped-call]
            data.categories = ["Q1", "Q2"]
            data.add_series("Sales", (1.5, 2))  # type: ignore[no-untyped-call]
            chart = slide.shapes.add_chart(
                XL_CHART_TYPE.COLUMN_CLUSTERED, Inches(1), Inches(4), Inches(4), Inches(2), data
            )
            chart.chart.has_title = True  # type: ignore[attr-defined]
            chart.chart.chart_title.text_frame.text = "Growth"  # type: ignore[attr-defined]

        document = read(tmp_path, build)

        assert blocks(document)[1:] == [
            ("table", "| Item | Price |\n| --- | --- |\n| Cup \\| mug | 5 |\n| Cup \\| mug | 6 |"),
            ("table", "| Chart: Growth | Sales |\n| --- | --- |\n| Q1 | 1.5 |\n| Q2 | 2 |"),
        ]
        assert document.findings == ()

    def test_hidden_slides_are_left_out_and_told(self, tmp_path: Path) -> None:
        def build(slides: Slides) -> None:
            add(slides, "Seen")
            add(slides, "Secret margin")._element.set("show", "0")

        document = read(tmp_path, build)

        assert document.text == "Seen"
        assert [(page.number, page.char_start, page.char_end) for page in document.pages] == [(1, 0, 4), (2, 4, 4)]
        (finding,) = document.findings
        assert (finding.kind, finding.page) == (FindingKind.HIDDEN_TEXT, 2)
        assert "Secret margin" in finding.detail

    def test_text_beside_the_slide_or_in_hidden_shapes(self, tmp_path: Path) -> None:
        def build(slides: Slides) -> None:
            slide = add(slides, "Seen")
            box(slide, "outside", 40, 1)
            box(slide, "invisible", 1, 3)
            next(slide.shapes[-1]._element.iter("{*}cNvPr")).set("hidden", "1")

        document = read(tmp_path, build)

        assert document.text == "Seen"
        assert [finding.kind for finding in document.findings] == [FindingKind.HIDDEN_TEXT] * 2

    def test_groups_are_read(self, tmp_path: Path) -> None:
        def build(slides: Slides) -> None:
            group = slides.slides.add_slide(slides.slide_layouts[6]).shapes.add_group_shape()
            for text, top in (("second", 3), ("first", 1)):
                shape = group.shapes.add_textbox(Inches(1), Inches(top), Inches(1), Inches(1))
                shape.text_frame.text = text

        assert read(tmp_path, build).text == "first\n\nsecond"

    def test_a_slide_that_is_missing_is_told(self, tmp_path: Path) -> None:
        def build(slides: Slides) -> None:
            add(slides, "One")
            add(slides, "Two")

        data = rezipped(pptx_bytes(build), replace={"ppt/slides/slide1.xml": b"<p:sld broken"})

        document = parse_pptx(request_for(tmp_path / "a.pptx", data))

        assert document.text == "Two"
        assert [page.number for page in document.pages] == [2]
        assert set(document.missing_pages) == {"1"}

    def test_macros_are_told(self, tmp_path: Path) -> None:
        def build(slides: Slides) -> None:
            add(slides, "One")

        data = rezipped(pptx_bytes(build), add={"ppt/vbaProject.bin": b"x"})

        assert [f.kind for f in parse_pptx(request_for(tmp_path / "a.pptm", data)).findings] == [
            FindingKind.ACTIVE_CONTENT
        ]

    def test_without_text_is_empty(self, tmp_path: Path) -> None:
        with pytest.raises(ParseError) as caught:
            read(tmp_path, lambda slides: None)

        assert caught.value.failure_type is FailureType.EMPTY
