"""Formulas of Word as one line of text, near to LaTeX where plain signs are not enough."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lxml.etree import _Element

M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_DEEPEST = 60


def formula(element: "_Element", depth: int = 0) -> str:
    """The text of a formula.

    Args:
        element: An `m:oMath` or a part of one.
        depth: How deep the part lies; what is nested too deep is left out.
    """
    if depth > _DEEPEST:
        return ""
    tag = element.tag if isinstance(element.tag, str) else ""

    def part(name: str) -> str:
        found = element.find(f"{M}{name}")
        return "" if found is None else formula(found, depth + 1)

    match tag.removeprefix(M):
        case "t":
            return element.text or ""
        case "f":
            return f"{_grouped(part('num'))}/{_grouped(part('den'))}"
        case "sSup":
            return f"{_grouped(part('e'))}^{_grouped(part('sup'))}"
        case "sSub":
            return f"{part('e')}_{_grouped(part('sub'))}"
        case "sSubSup":
            return f"{part('e')}_{_grouped(part('sub'))}^{_grouped(part('sup'))}"
        case "rad":
            return f"√({part('e')})" if not part("deg") else f"{part('deg')}√({part('e')})"
        case "nary":
            return _nary(element, part("sub"), part("sup"), part("e"))
        case "d":
            begin, end = _value(element, "dPr", "begChr", "("), _value(element, "dPr", "endChr", ")")
            return begin + ", ".join(formula(e, depth + 1) for e in element.findall(f"{M}e")) + end
        case "func":
            return f"{part('fName')} {part('e')}"
        case "m":
            rows = (
                " & ".join(formula(e, depth + 1) for e in row.findall(f"{M}e")) for row in element.findall(f"{M}mr")
            )
            return "(" + "; ".join(rows) + ")"
        case "oMathPara":
            return " ".join(formula(child, depth + 1) for child in element if child.tag == f"{M}oMath")
        case name if name.endswith("Pr") or tag.startswith(_W + "rPr"):
            return ""
        case _:
            if tag == f"{_W}t":
                return element.text or ""
            return "".join(formula(child, depth + 1) for child in element)


def _nary(element: "_Element", sub: str, sup: str, body: str) -> str:
    sign = _value(element, "naryPr", "chr", "∫")
    return sign + (f"_{_grouped(sub)}" if sub else "") + (f"^{_grouped(sup)}" if sup else "") + f" {body}"


def _value(element: "_Element", properties: str, name: str, default: str) -> str:
    found = element.find(f"{M}{properties}/{M}{name}")
    return default if found is None else found.get(f"{M}val", default)


def _grouped(text: str) -> str:
    """The text in brackets, unless it is one thing already."""
    if text.isalnum() or len(text) <= 1 or (text[0] == "(" and text.find(")") == len(text) - 1):
        return text
    return f"({text})"
