"""Shapes of slides: where they are, what they stand for, and the text in them."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from ingestion.parsing.docx_math import M, formula
from ingestion.parsing.html_text import raised
from ingestion.parsing.office import OfficePackage

if TYPE_CHECKING:
    from lxml.etree import _Element

P = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_SHAPES = {f"{P}{name}" for name in ("sp", "graphicFrame", "grpSp", "pic", "cxnSp")}
_TEXT = f"{A}t"
_RAISED_FROM = 10_000  # thousandths of a percent above the line


class Box(NamedTuple):
    """Where a shape is, in EMU from the slide's top left."""

    left: int
    top: int
    width: int
    height: int


class Placeholders:
    """Positions that a slide takes over from its layout and its master."""

    def __init__(self, boxes: Mapping[tuple[str, str], Box]) -> None:
        self._boxes = boxes

    @classmethod
    def of(cls, package: OfficePackage, layout: str) -> "Placeholders":
        """The placeholders of a layout, and of its master where the layout says nothing."""
        boxes: dict[tuple[str, str], Box] = {}
        root = package.optional_xml(layout) if layout else None
        master = (
            next((r.target for r in package.relations(layout).values() if r.kind == "slideMaster"), "")
            if layout
            else ""
        )
        for part in (package.optional_xml(master) if master else None, root):
            for shape in part.iter(f"{P}sp") if part is not None else ():
                kind, box = placeholder(shape), box_of(shape)
                if kind is not None and box is not None:
                    boxes[("type", kind[0])] = box
                    boxes[("idx", kind[1])] = box
        return cls(boxes)

    def box(self, kind: tuple[str, str]) -> Box | None:
        """Where a placeholder of a type and an index is."""
        return self._boxes.get(("idx", kind[1])) if kind[1] != "0" else self._boxes.get(("type", kind[0]))


def shapes(parent: "_Element") -> "Iterator[_Element]":
    """The shapes of a tree or group, those inside alternatives too."""
    for child in parent:
        if child.tag in _SHAPES:
            yield child
        elif (
            isinstance(child.tag, str)
            and child.tag != _FALLBACK
            and child.tag.endswith(("}AlternateContent", "}Choice"))
        ):
            yield from shapes(child)


def placeholder(shape: "_Element") -> tuple[str, str] | None:
    """Type and index of a placeholder; None for other shapes."""
    found = next(shape.iter(f"{P}ph"), None) if shape.tag != f"{P}grpSp" else None
    return None if found is None else (found.get("type", "obj"), found.get("idx", "0"))


def box_of(shape: "_Element") -> Box | None:
    """Where a shape says it is."""
    for path in (f"{P}spPr/{A}xfrm", f"{P}grpSpPr/{A}xfrm", f"{P}xfrm"):
        found = shape.find(path)
        offset, extent = (found.find(f"{A}off"), found.find(f"{A}ext")) if found is not None else (None, None)
        if offset is not None:
            numbers = [offset.get("x"), offset.get("y")]
            numbers += [extent.get("cx"), extent.get("cy")] if extent is not None else ["0", "0"]
            try:
                return Box(*(int(number or "0") for number in numbers))
            except ValueError:
                return None
    return None


def is_hidden(shape: "_Element") -> bool:
    """Whether a shape is marked as hidden."""
    first = next(iter(shape), None)
    properties = next(iter(first), None) if first is not None else None
    return properties is not None and properties.get("hidden") in ("1", "true")


def texts_of(element: "_Element") -> list[str]:
    """The paragraphs below an element that have text."""
    texts = (" ".join(paragraph_text(paragraph).split()) for paragraph in element.iter(f"{A}p"))
    return [text for text in texts if text]


def paragraph_text(paragraph: "_Element") -> str:
    """The text of a paragraph, with line breaks, fields and formulas."""
    parts: list[str] = []
    for child in paragraph:
        if child.tag in (f"{A}r", f"{A}fld"):
            text = child.findtext(_TEXT) or ""
            properties = child.find(f"{A}rPr")
            baseline = properties.get("baseline", "0") if properties is not None else "0"
            is_raised = baseline.lstrip("-").isdecimal() and int(baseline) >= _RAISED_FROM
            parts.append(raised(text) if is_raised else text)
        elif child.tag == f"{A}br":
            parts.append("\n")
        elif isinstance(child.tag, str) and child.tag not in (f"{A}pPr", f"{A}endParaRPr"):
            parts += [formula(math) for math in child.iter(f"{M}oMath")]
    return "".join(parts).replace("\v", "\n").replace("_x000B_", "\n").replace("_x000D_", "")
