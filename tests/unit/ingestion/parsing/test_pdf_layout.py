"""Tests of reading order, tables, lists, headings and running lines in PDFs."""

from pathlib import Path

from reportlab.pdfgen.canvas import Canvas

from ingestion.parsing.pdf import parse_pdf
from storage.records.parsed_document import BlockKind, ParsedDocument
from tests.factories.documents import request_for
from tests.factories.pdfs import drawn, price_table, prose_lines, two_columns


def parsed(tmp_path: Path, data: bytes) -> ParsedDocument:
    return parse_pdf(request_for(tmp_path / "a.pdf", data))


def lines_at(canvas: Canvas, lines: list[str], top: float, size: float = 11) -> None:
    canvas.setFont("Helvetica", size)
    for number, line in enumerate(lines):
        canvas.drawString(72, top - number * size * 1.25, line)


class TestColumns:
    def test_are_read_one_after_the_other(self, tmp_path: Path) -> None:
        text = parsed(tmp_path, drawn(two_columns)).text

        places = [text.index(f"{side}{number} ") for side in "LR" for number in range(12)]
        assert places == sorted(places)

    def test_a_title_over_both_comes_first(self, tmp_path: Path) -> None:
        def page(canvas: Canvas) -> None:
            two_columns(canvas)
            canvas.setFont("Helvetica", 10)
            canvas.drawString(
                60, 720, "A line of ten points that runs over both of the columns of this page, as titles do here"
            )

        text = parsed(tmp_path, drawn(page)).text

        assert text.startswith("A line of ten points")
        assert text.index("L11 ") < text.index("R0 ")


class TestTables:
    def test_keep_their_cells(self, tmp_path: Path) -> None:
        document = parsed(tmp_path, drawn(price_table))

        (table,) = [block for block in document.blocks if block.kind is BlockKind.TABLE]
        assert document.text[table.char_start : table.char_end] == (
            "| Article | Price | Stock |\n| --- | --- | --- |\n| Pump | 120 | 4 |\n| Valve | 35 | 12 |\n"
            "| Pipe \\| long | 8 | 230 |"
        )
        assert [document.text[line.char_start : line.char_end] for line in table.lines][1] == "| Pump | 120 | 4 |"
        assert document.blocks[0].kind is document.blocks[-1].kind is BlockKind.PARAGRAPH

    def test_an_empty_cell_stays_in_its_column(self, tmp_path: Path) -> None:
        def page(canvas: Canvas) -> None:
            rows = [("Name", "May", "June"), ("Anna", "3", "4"), ("Bert", "", "7"), ("Cleo", "1", "2")]
            for number, row in enumerate(rows):
                for left, cell in zip((60, 220, 330), row, strict=True):
                    canvas.drawString(left, 700 - 15 * number, cell)

        assert "| Bert |  | 7 |" in parsed(tmp_path, drawn(page)).text

    def test_numbers_that_stand_apart_are_no_column(self, tmp_path: Path) -> None:
        def page(canvas: Canvas) -> None:
            for number, item in enumerate(("Close the valve", "Stop the pump", "Switch off the lamp")):
                canvas.drawString(72, 700 - 15 * number, f"{number + 1}.")
                canvas.drawString(110, 700 - 15 * number, item)

        document = parsed(tmp_path, drawn(page))

        assert [block.kind for block in document.blocks] == [BlockKind.LIST]
        assert document.text == "1. Close the valve\n2. Stop the pump\n3. Switch off the lamp"

    def test_prose_is_no_table(self, tmp_path: Path) -> None:
        document = parsed(tmp_path, drawn(lambda canvas: lines_at(canvas, prose_lines(20, words=12), 700)))

        assert {block.kind for block in document.blocks} == {BlockKind.PARAGRAPH}


class TestRunningLines:
    def test_are_dropped(self, tmp_path: Path) -> None:
        def page(number: int) -> object:
            def draw(canvas: Canvas) -> None:
                lines_at(canvas, ["Acme Pumps Ltd - Handbook"], 815, 9)
                lines_at(canvas, prose_lines(10, skip=number * 7), 700)
                canvas.drawString(290, 30, f"Page {number}")

            return draw

        document = parsed(tmp_path, drawn(*[page(number) for number in range(1, 6)]))  # type: ignore[arg-type]

        assert "Acme" not in document.text
        assert "Page" not in document.text
        assert document.metadata["running_lines"] == "Acme Pumps Ltd - Handbook / Page 1 / Page 2 / Page 3 / Page 4"
        assert len(document.pages) == 5

    def test_a_sentence_that_repeats_below_something_else_stays(self, tmp_path: Path) -> None:
        def page(number: int) -> object:
            def draw(canvas: Canvas) -> None:
                lines_at(
                    canvas, [f"{'ABCDE'[number]} part of the agreement", "This clause is the same on all pages."], 810
                )
                lines_at(canvas, prose_lines(10, skip=number * 7), 600)

            return draw

        document = parsed(tmp_path, drawn(*[page(number) for number in range(5)]))  # type: ignore[arg-type]

        assert document.text.count("This clause is the same") == 5

    def test_two_pages_are_too_few_to_tell(self, tmp_path: Path) -> None:
        def draw(canvas: Canvas) -> None:
            lines_at(canvas, ["Acme Pumps Ltd"], 815)
            lines_at(canvas, prose_lines(5), 700)

        assert parsed(tmp_path, drawn(draw, draw)).text.count("Acme") == 2


class TestBlocks:
    def test_bullets_are_a_list(self, tmp_path: Path) -> None:
        items = ["• First the valve is closed,", "• then the pump is stopped,", "• and the lamp goes out."]

        document = parsed(tmp_path, drawn(lambda canvas: lines_at(canvas, items, 700)))

        assert [block.kind for block in document.blocks] == [BlockKind.LIST]
        assert document.text.split("\n") == items

    def test_a_number_set_higher_stays_in_its_line(self, tmp_path: Path) -> None:
        def page(canvas: Canvas) -> None:
            canvas.setFont("Helvetica", 11)
            canvas.drawString(72, 700, "The pump was tested twice")
            width = canvas.stringWidth("The pump was tested twice", "Helvetica", 11)
            canvas.setFont("Helvetica", 6)
            canvas.drawString(73 + width, 704, "1")
            canvas.setFont("Helvetica", 11)
            canvas.drawString(80 + width, 700, "and passed.")

        document = parsed(tmp_path, drawn(page))

        assert len(document.blocks) == 1
        assert " ".join(document.text.split()).replace("twice1", "twice 1") == "The pump was tested twice 1 and passed."

    def test_the_outline_names_headings_of_body_size(self, tmp_path: Path) -> None:
        def page(canvas: Canvas) -> None:
            canvas.bookmarkPage("care")
            canvas.addOutlineEntry("2. Care", "care", 0)
            lines_at(canvas, ["2. Care"], 700)
            lines_at(canvas, prose_lines(4), 660)

        document = parsed(tmp_path, drawn(page))

        assert document.blocks[0].kind is BlockKind.HEADING
        assert document.blocks[1].heading_path == ("2. Care",)

    def test_compounds_keep_their_hyphen_and_broken_words_lose_it(self, tmp_path: Path) -> None:
        lines = [
            "A record of double-spending is kept. Against double-",
            "spending and peer-to-",
            "peer traffic there is a re-",
            "gulation of 1996-",
            "1998 by the Miller-",
            "Smith office.",
        ]

        text = parsed(tmp_path, drawn(lambda canvas: lines_at(canvas, lines, 700))).text

        assert text == (
            "A record of double-spending is kept. Against double-spending and peer-to-peer traffic there is a "
            "regulation of 1996-1998 by the Miller-Smith office."
        )
