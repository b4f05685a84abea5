"""Builders of document files, good and bad."""

import io
import zipfile
from pathlib import Path

import docx
from PIL import Image
from pypdf import PdfReader, PdfWriter
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from ingestion.parsing.request import ParseLimits, ParseRequest


def request_for(path: Path, data: bytes | None = None, *, limits: ParseLimits | None = None) -> ParseRequest:
    """A parse request for a file, written first if bytes are given."""
    if data is not None:
        path.write_bytes(data)
    return ParseRequest(path=path, name=path.name, limits=limits or ParseLimits())


def pdf_bytes(pages: list[list[tuple[float, str]]], *, title: str = "") -> bytes:
    """A PDF with a text layer: per page, lines of (font size, text)."""
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=A4)
    canvas.setTitle(title)
    for page in pages:
        height = A4[1] - 72
        for size, text in page:
            canvas.setFont("Helvetica", size)
            canvas.drawString(72, height, text)
            height -= size * 1.3
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def picture_pdf_bytes(image: Image.Image, *, text_pages: int = 0) -> bytes:
    """A PDF whose last page is a picture, after pages with a text layer."""
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=A4)
    for number in range(text_pages):
        canvas.drawString(72, 700, f"This is the text layer of page {number + 1}.")
        canvas.showPage()
    path = io.BytesIO()
    image.save(path, "PNG")
    path.seek(0)
    from reportlab.lib.utils import ImageReader

    canvas.drawImage(ImageReader(path), 50, 400, width=500, height=200)
    canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def encrypted_pdf_bytes(*, user_password: str) -> bytes:
    """A PDF that needs a password; an empty one is needed by nobody."""
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf_bytes([[(12, "The secret handshake.")]]))))
    writer.encrypt(user_password=user_password, owner_password="owner")
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


def docx_bytes() -> bytes:
    """A Word document with headings, a list, a table, a header and properties."""
    document = docx.Document()
    document.core_properties.title = "Travel policy"
    document.core_properties.author = "Finance"
    document.sections[0].header.paragraphs[0].text = "Internal use"
    document.add_heading("Travel", level=1)
    document.add_paragraph("Trips need approval. Ask your manager first.")
    document.add_heading("Limits", level=2)
    document.add_paragraph("Hotels", style="List Bullet")
    document.add_paragraph("Meals", style="List Bullet")
    table = document.add_table(rows=2, cols=2)
    for cell, text in zip(
        (c for row in table.rows for c in row.cells), ("City", "Limit", "Bonn", "120 EUR"), strict=True
    ):
        cell.text = text
    document.add_paragraph("After the table.")
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def rezipped(data: bytes, *, replace: dict[str, bytes] | None = None, add: dict[str, bytes] | None = None) -> bytes:
    """An archive with some parts replaced or added."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as sink:
        for name in source.namelist():
            sink.writestr(name, (replace or {}).get(name, source.read(name)))
        for name, content in (add or {}).items():
            sink.writestr(name, content)
    return buffer.getvalue()


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims to be of a size and holds almost nothing."""
    import struct
    import zlib

    def part(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", header) + part(b"IDAT", zlib.compress(b"\0" * 100)) + part(b"IEND", b"")
