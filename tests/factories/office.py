"""Builders of workbooks, presentations and other archives, good and bad."""

import io
import struct
import zipfile
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import openpyxl
from openpyxl.worksheet.worksheet import Worksheet
from pptx import Presentation
from pptx.presentation import Presentation as Slides


def xlsx_bytes(
    sheets: Mapping[str, Sequence[Sequence[Any]]], *, change: Callable[[openpyxl.Workbook], None] | None = None
) -> bytes:
    """A workbook of sheets of rows, changed by a function at the end."""
    workbook = openpyxl.Workbook()
    first = workbook.active
    assert isinstance(first, Worksheet)
    workbook.remove(first)
    workbook.properties.title = "Prices"
    workbook.properties.creator = "Sales"
    workbook.properties.created = datetime(2024, 3, 1, 9, 30)  # noqa: DTZ001 - the library wants it without a zone
    for name, rows in sheets.items():
        sheet = workbook.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    if change is not None:
        change(workbook)
    buffer = io.BytesIO()
    workbook.save(buffer)
    return buffer.getvalue()


def pptx_bytes(build: Callable[[Slides], None]) -> bytes:
    """A presentation that a function has filled."""
    slides = Presentation()
    slides.core_properties.title = "Quarter"
    slides.core_properties.author = "Sales"
    build(slides)
    buffer = io.BytesIO()
    slides.save(buffer)
    return buffer.getvalue()


def zip_bytes(parts: Mapping[str, bytes | str]) -> bytes:
    """An archive of parts, in their order."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def duplicated_part(data: bytes, name: str) -> bytes:
    """An archive that holds a part twice, with different content."""
    buffer = io.BytesIO(data)
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.NameToInfo.pop(name, None)  # so that the writer does not warn
        archive.writestr(name, b"<other/>")
    return buffer.getvalue()


def overlapping(data: bytes) -> bytes:
    """An archive whose directory names the first part's bytes for the second part, too."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        directory = archive.start_dir
    second = data.index(b"PK\x01\x02", directory + 4)
    first_offset = data[directory + 42 : directory + 46]
    changed = bytearray(data)
    struct.pack_into("4s", changed, second + 42, bytes(first_offset))
    return bytes(changed)
