"""`pixel bench ingestion`: what is read, how well, how fast and at what cost, beside what peers do in the same run.

Add a part: a file here with `measure(shared: Path) -> list of figures`, named in `PARTS`.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.figure import figure, machine
from benchmarks.ingestion import corpus, incremental, large_files, ocr_text, pdf_reach, pdf_speed, pdf_text
from benchmarks.shared_data import DATA

Part = Callable[[Path], list[dict[str, Any]]]
PARTS: dict[str, Part] = {
    "corpus": corpus.measure,
    "pdf reach": pdf_reach.measure,
    "pdf speed": pdf_speed.measure,
    "pdf text": pdf_text.measure,
    "ocr": ocr_text.measure,
    "incremental": incremental.measure,
    "large files": large_files.measure,
}


def measure() -> dict[str, Any]:
    """Run all parts; about ten minutes on two cores. A part whose documents are missing says so."""
    figures: list[dict[str, Any]] = []
    for name, part in PARTS.items():
        try:
            figures += part(DATA)
        except FileNotFoundError as error:
            figures.append(figure(f"{name}: skipped", None, "", reason=f"{error.filename} is not beside the checkout"))
    return {"name": "ingestion", "machine": machine(), "figures": figures}
