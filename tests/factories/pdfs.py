"""Builders of PDFs with what real ones have: columns, tables, hidden text, attachments, outlines, scripts."""

import io
from collections.abc import Callable

from PIL import Image, ImageDraw
from pypdf import PdfReader, PdfWriter
from reportlab.lib.pagesizes import A4
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

_PROSE = (
    "The pump of the north station was replaced in spring and has run without a fault since then. "
    "Every month a person of the night shift reads the meter and writes the number into the book. "
    "When the pressure falls below two bar the second pump starts and a lamp on the panel lights up. "
)


def drawn(*pages: Callable[[Canvas], None], compression: int = 1) -> bytes:
    """A PDF whose pages are drawn by functions, coordinates from the bottom left."""
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=A4, pageCompression=compression)
    for page in pages:
        page(canvas)
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def prose_lines(count: int, words: int = 6, skip: int = 0) -> list[str]:
    """Lines of different prose."""
    many = _PROSE.split() * 20
    return [" ".join(many[skip + n * words : skip + (n + 1) * words]) for n in range(count)]


def two_columns(canvas: Canvas) -> None:
    """Two columns, written row by row as a layout program may do."""
    canvas.setFont("Helvetica", 10)
    for number, (left, right) in enumerate(zip(prose_lines(12), prose_lines(12, skip=100), strict=True)):
        canvas.drawString(60, 700 - 13 * number, f"L{number} {left}")
        canvas.drawString(330, 700 - 13 * number, f"R{number} {right}")


def price_table(canvas: Canvas) -> None:
    """A table of four rows and three columns between two paragraphs."""
    canvas.setFont("Helvetica", 10)
    canvas.drawString(60, 730, "The prices of this year are these.")
    rows = [("Article", "Price", "Stock"), ("Pump", "120", "4"), ("Valve", "35", "12"), ("Pipe | long", "8", "230")]
    for number, row in enumerate(rows):
        for left, cell in zip((60, 220, 330), row, strict=True):
            canvas.drawString(left, 700 - 15 * number, cell)
    canvas.drawString(60, 600, "All prices are in euro.")


def scanned_page(*, with_layer: bool = False, words: str = "Invoice number 4711") -> Callable[[Canvas], None]:
    """A page that is a picture of words, with or without the invisible text that OCR programs add."""
    image = Image.new("L", (1240, 1754), 255)
    ImageDraw.Draw(image).text((150, 300), words, fill=0, font_size=60)

    def page(canvas: Canvas) -> None:
        buffer = io.BytesIO()
        image.save(buffer, "PNG")
        buffer.seek(0)
        canvas.drawImage(ImageReader(buffer), 0, 0, width=A4[0], height=A4[1])
        if with_layer:
            text = canvas.beginText(72, A4[1] - 170)
            text.setFont("Helvetica", 28)
            text.setTextRenderMode(3)
            text.textOut(words)
            canvas.drawText(text)

    return page


def changed(data: bytes, change: Callable[[PdfWriter], object]) -> bytes:
    """A PDF after a change by pypdf."""
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(data)))
    change(writer)
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


def misdirected_page(text: str) -> bytes:
    """A PDF of one page whose cross-reference table gives another object's place for the page."""
    content = f"BT /F1 24 Tf 72 720 Td ({text}) Tj ET".encode()
    objects = {
        1: b"<< /Type /Catalog /Pages 2 0 R >>",
        2: b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        4: b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        3: b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        5: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    }
    data, places = b"%PDF-1.3\n", {}
    for number, body in objects.items():
        places[number] = len(data)
        data += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    wrong = [places[1], places[2], places[4], places[3], places[5]]
    table = b"".join(b"%010d 00000 n \n" % place for place in wrong)
    trailer = b"trailer << /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % len(data)
    return data + b"xref\n0 6\n0000000000 65535 f \n" + table + trailer
