"""How many of the unencrypted PDFs give text: ours, pypdf alone, pypdfium2 alone."""

from pathlib import Path
from typing import Any

from benchmarks.figure import figure
from benchmarks.ingestion.documents import files_under
from benchmarks.ingestion.peers import run_peer
from benchmarks.ingestion.reading import read, sandbox


def measure(shared: Path) -> list[dict[str, Any]]:
    """Count; with text means at least one letter or digit, for all three."""
    files = files_under(shared / "documents", ".pdf")
    hostile = shared / "hostile" / "malformed_pdf"
    if hostile.is_dir():
        files += files_under(hostile, ".pdf")
    with sandbox() as parsers:
        outcomes = {path: read(parsers, path) for path in files}
    files = [path for path in files if outcomes[path].failure != "encrypted"]
    ours = {path for path in files if (d := outcomes[path].document) and _has_text(d.text)}
    layer = {path for path in ours if not (outcomes[path].document.metadata.get("ocr_pages"))}  # type: ignore[union-attr]
    figures = []
    for name in ("pypdf", "pypdfium2"):
        results = run_peer(name, files)
        theirs = {path for path in files if _has_text(results[path].get("text", ""))}
        figures.append(
            figure(
                f"unencrypted PDFs read, against {name} alone",
                len(ours),
                "files",
                at_least=len(theirs) + 1,
                peer=name,
                peer_value=len(theirs),
                ratio=round(len(ours) / max(1, len(theirs)), 3),
                files=len(files),
                without_ocr=len(layer),
                only_peer=sorted(path.name for path in theirs - ours),
            )
        )
    return figures


def _has_text(text: str) -> bool:
    return any(character.isalnum() for character in text)
