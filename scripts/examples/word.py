"""Renders a source as DOCX with real headings, lists and tables; two runs give the same bytes."""

from __future__ import annotations

import io
import zipfile
from datetime import datetime, time

from docx import Document
from docx.document import Document as DocumentObject

from scripts.examples.blocks import Block, Heading, ListBlock, Paragraph, Source, Table


def render_docx(source: Source) -> bytes:
    """Return the DOCX file of a source, dated by its front matter."""
    document = Document()
    stamp = datetime.combine(source.date, time(9, 0))
    properties = document.core_properties
    properties.title, properties.author, properties.language = source.title, source.author, source.language
    properties.created = properties.modified = stamp
    properties.last_modified_by, properties.revision, properties.comments = source.author, 1, ""
    for block in source.blocks:
        _add(document, block)
    buffer = io.BytesIO()
    document.save(buffer)
    return _with_fixed_dates(buffer.getvalue(), stamp)


def _add(document: DocumentObject, block: Block) -> None:
    match block:
        case Heading():
            document.add_heading(block.text, level=block.level - 1)
        case Paragraph():
            document.add_paragraph(block.text)
        case ListBlock():
            for item in block.items:
                document.add_paragraph(item, style="List Number" if block.is_ordered else "List Bullet")
        case Table():
            table = document.add_table(rows=0, cols=len(block.rows[0]), style="Table Grid")
            for row in block.rows:
                for cell, text in zip(table.add_row().cells, row, strict=True):
                    cell.text = text


def _with_fixed_dates(archive: bytes, stamp: datetime) -> bytes:
    """A DOCX is a zip, and a zip stores when each entry was written: pin it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(buffer, "w") as new:
        for entry in old.infolist():
            info = zipfile.ZipInfo(entry.filename, stamp.timetuple()[:6])
            info.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(info, old.read(entry))
    return buffer.getvalue()
