"""Renders examples/documents from scripts/examples/sources: `python -m scripts.examples.render`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from scripts.examples.blocks import Source, read_source
from scripts.examples.fonts import require_glyphs
from scripts.examples.image import render_png, render_scan
from scripts.examples.pdf import render_pdf
from scripts.examples.word import render_docx

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "scripts" / "examples" / "sources"
DOCUMENTS = ROOT / "examples" / "documents"

RENDERERS: dict[str, Callable[[Source], bytes]] = {
    "docx": render_docx,
    "pdf": render_pdf,
    "scanned-pdf": render_scan,
    "png": render_png,
}


def read_sources() -> list[Source]:
    """All sources, by name."""
    return [read_source(path) for path in sorted(SOURCES.glob("*.md"))]


def render(source: Source) -> bytes:
    """Return the file of one source in the format that its front matter names."""
    require_glyphs(source)
    return RENDERERS[source.format](source)


def main() -> None:
    """Write every rendered document and say which."""
    for source in read_sources():
        content = render(source)
        (DOCUMENTS / source.file_name).write_bytes(content)
        print(f"{source.file_name}: {len(content)} bytes")


if __name__ == "__main__":
    main()
