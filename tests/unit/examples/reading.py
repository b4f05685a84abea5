"""Plain readers of the example documents, independent of the product's own parsers."""

from __future__ import annotations

from pathlib import Path

import pypdfium2
from docx import Document

from scripts.examples.render import DOCUMENTS, read_sources


def normalise(text: str) -> str:
    """Runs of white space count as one space."""
    return " ".join(text.split())


def read_docx(path: Path) -> str:
    """Paragraphs and table cells of a DOCX file."""
    document = Document(str(path))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([paragraph.text for paragraph in document.paragraphs] + cells)


def read_pdf(path: Path) -> str:
    """The text layer of a PDF file; empty for a scan."""
    document = pypdfium2.PdfDocument(path)
    try:
        return "\n".join(page.get_textpage().get_text_bounded() for page in document)
    finally:
        document.close()


def read_source_text(file_name: str) -> str:
    """What is printed on a picture, taken from the text it was rendered from."""
    (source,) = [source for source in read_sources() if source.file_name == file_name]
    return "\n".join(source.texts())


def has_text_layer(path: Path) -> bool:
    """Whether a machine can read the file without looking at pixels."""
    return path.suffix != ".png" and (path.suffix != ".pdf" or bool(read_pdf(path).strip()))


def read_example(file_name: str) -> str:
    """The normalised text of one example document."""
    path = DOCUMENTS / file_name
    if not has_text_layer(path):
        return normalise(read_source_text(file_name))
    match path.suffix:
        case ".docx":
            return normalise(read_docx(path))
        case ".pdf":
            return normalise(read_pdf(path))
        case _:
            return normalise(path.read_text(encoding="utf-8"))
