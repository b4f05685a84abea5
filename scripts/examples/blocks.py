"""Reads a source text: front matter, then the small part of Markdown that the examples use."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import yaml


@dataclass(frozen=True)
class Heading:
    """A heading; level 1 is the title of the document."""

    level: int
    text: str


@dataclass(frozen=True)
class Paragraph:
    """One paragraph on one line."""

    text: str


@dataclass(frozen=True)
class ListBlock:
    """Consecutive list items, numbered or not."""

    items: tuple[str, ...]
    is_ordered: bool


@dataclass(frozen=True)
class Table:
    """Rows of cells; the first row is the header."""

    rows: tuple[tuple[str, ...], ...]


Block = Heading | Paragraph | ListBlock | Table

_BULLET = re.compile(r"^- ")
_NUMBER = re.compile(r"^\d+\. ")
_RULE = re.compile(r"^\|[-|: ]+\|$")


@dataclass(frozen=True)
class Source:
    """A document before it is rendered."""

    name: str
    format: str
    title: str
    author: str
    language: str
    date: date
    layout: str
    blocks: tuple[Block, ...]

    @property
    def file_name(self) -> str:
        """The name that the rendered file carries in examples/documents."""
        return f"{self.name}.{self.format.removeprefix('scanned-')}"

    def texts(self) -> list[str]:
        """Every piece of text in reading order: headings, paragraphs, items and cells."""
        pieces: list[str] = []
        for block in self.blocks:
            match block:
                case Heading() | Paragraph():
                    pieces.append(block.text)
                case ListBlock():
                    pieces.extend(block.items)
                case Table():
                    pieces.extend(cell for row in block.rows for cell in row)
        return pieces


def read_source(path: Path) -> Source:
    """Read one source file.

    Args:
        path: a Markdown file that begins with YAML front matter between two lines of three dashes.

    Returns:
        The parsed source.

    Raises:
        ValueError: when the file has no front matter.
    """
    parts = path.read_text(encoding="utf-8").split("---\n", 2)
    if len(parts) != 3 or parts[0]:
        raise ValueError(f"{path} has no front matter. Expected a first line of three dashes; add it.")
    meta = yaml.safe_load(parts[1])
    return Source(
        name=path.stem,
        format=meta["format"],
        title=meta["title"],
        author=meta["author"],
        language=meta["language"],
        date=meta["date"],
        layout=meta.get("layout", "letter"),
        blocks=tuple(parse_blocks(parts[2])),
    )


def parse_blocks(text: str) -> list[Block]:
    """Split a body into blocks; blocks are separated by blank lines, headings stand alone."""
    blocks: list[Block] = []
    for chunk in re.split(r"\n\s*\n", text.strip()):
        lines = chunk.splitlines()
        while lines and lines[0].startswith("#"):
            marks, _, title = lines.pop(0).partition(" ")
            blocks.append(Heading(len(marks), title.strip()))
        if lines:
            blocks.append(_parse_body(lines))
    return blocks


def _parse_body(lines: list[str]) -> Block:
    if lines[0].startswith("|"):
        rows = [line for line in lines if not _RULE.match(line)]
        return Table(tuple(tuple(cell.strip() for cell in row.strip("|").split("|")) for row in rows))
    for pattern, is_ordered in ((_BULLET, False), (_NUMBER, True)):
        if all(pattern.match(line) for line in lines):
            return ListBlock(tuple(pattern.sub("", line) for line in lines), is_ordered)
    return Paragraph(" ".join(lines))
