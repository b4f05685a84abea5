"""OCR: characters wrong beside the tesseract command on the same picture, and pages per second beside pytesseract."""

import csv
import statistics
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.figure import figure
from benchmarks.ingestion.documents import existing, page_of, printed_lines, typeset
from benchmarks.ingestion.reading import read, sandbox
from benchmarks.ingestion.similarity import error_rate
from ingestion.parsing.ocr import ocr_available

_DPI = 300
_RUNS = 5
_TYPESET_PAGES = 8
_SPEED_PAGES = 8
_PICTURES = (".png", ".jpg", ".jpeg", ".tif", ".tiff")


def measure(shared: Path) -> list[dict[str, Any]]:
    """Compare on every picture and scan with a known text."""
    if not ocr_available():
        return [figure("ocr: skipped", None, "", reason="Tesseract is not installed")]
    with tempfile.TemporaryDirectory() as folder:
        samples = _known(existing(shared / "documents"), Path(folder))
        typeset_samples = _typeset(existing(shared / "pypdf_benchmarks" / "ground_truth"), Path(folder))
        return [
            *_errors(samples + typeset_samples),
            _speed([picture for _, picture, _ in typeset_samples], Path(folder)),
        ]


Sample = tuple[Path, Path, str]  # what we read, the picture for the peer, the truth


def _known(documents: Path, folder: Path) -> list[Sample]:
    found: list[Sample] = []
    with (documents / "manifest.csv").open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["ground_truth"]]
    for row in rows:
        path, truth = documents / row["path"], documents / row["ground_truth"]
        if not truth.is_file() or not path.is_file():
            continue
        if row["ext"] in _PICTURES:
            found.append((path, path, truth.read_text(encoding="utf-8")))
        elif row["klass"] == "no_text_layer":
            found.append((path, _drawn(path, folder), truth.read_text(encoding="utf-8")))
    for name in ("embedded-images-tables", "layout-parser-paper-with-table"):  # picture and PDF of one page
        pair = documents / "unstructured" / "img" / f"{name}.jpg", documents / "unstructured" / "pdf" / f"{name}.pdf"
        if all(path.is_file() for path in pair):
            found.append((pair[0], pair[0], _layer(pair[1])))
    return found


def _typeset(source: Path, folder: Path) -> list[Sample]:
    samples: list[Sample] = []
    for path in sorted(source.glob("*.txt"))[:_TYPESET_PAGES]:
        lines = page_of(printed_lines(path.read_text(encoding="utf-8")), 1)
        picture = _drawn(typeset(lines, folder / f"page-{path.stem}.pdf"), folder)
        samples.append((picture, picture, "\n".join(lines)))
    return samples


def _drawn(pdf: Path, folder: Path) -> Path:
    """The first page of a PDF as a picture."""
    import pypdfium2

    document = pypdfium2.PdfDocument(pdf)
    target = folder / f"{pdf.stem}-{len(list(folder.iterdir()))}.png"
    document[0].render(scale=_DPI / 72).to_pil().save(target, dpi=(_DPI, _DPI))
    document.close()
    return target


def _layer(pdf: Path) -> str:
    import pypdfium2

    document = pypdfium2.PdfDocument(pdf)
    text: str = document[0].get_textpage().get_text_range()
    document.close()
    return text


def _errors(samples: list[Sample]) -> list[dict[str, Any]]:
    rows = []
    with sandbox(parse_workers=1) as parsers:
        for path, picture, truth in samples:
            document = read(parsers, path).document
            command = ["tesseract", str(picture), "stdout"]
            peer = subprocess.run(command, capture_output=True, text=True, check=False).stdout
            rows.append((path.name, error_rate(document.text if document else "", truth), error_rate(peer, truth)))
    ours, theirs = [row[1] for row in rows], [row[2] for row in rows]
    files = [{"file": name, "ours": round(a, 4), "tesseract": round(b, 4)} for name, a, b in rows]
    worse = [name for name, a, b in rows if a > b + 1e-9]
    mean = statistics.mean(ours)
    return [
        figure("character error rate, mean", mean, "", at_most=round(statistics.mean(theirs), 4), files=files)
        | {"peer": "tesseract", "peer_value": round(statistics.mean(theirs), 4)},
        figure("files with more wrong characters than the command", len(worse), "files", at_most=0, worse=worse),
    ]


def _speed(pictures: list[Path], folder: Path) -> dict[str, Any]:
    from PIL import Image

    pages = [Image.open(path).convert("L") for path in (pictures * _SPEED_PAGES)[:_SPEED_PAGES]]
    document = folder / "pages.tif"
    pages[0].save(document, save_all=True, append_images=pages[1:], dpi=(_DPI, _DPI), compression="tiff_deflate")
    ours, theirs = [], []
    with sandbox(parse_workers=1) as parsers:
        read(parsers, pictures[0])
        for _ in range(_RUNS):
            theirs.append(len(pages) / _plain_loop(pages))
            ours.append(len(pages) / read(parsers, document).seconds)
    ratio = statistics.median(ours) / statistics.median(theirs)
    spread = (min(ours) / max(theirs), max(ours) / min(theirs))
    return figure(
        "OCR pages per second against a pytesseract loop", ratio, "times", at_least=1.7, spread=spread, runs=_RUNS
    ) | {
        "peer": "pytesseract",
        "peer_value": round(statistics.median(theirs), 3),
        "ratio": round(ratio, 3),
        "pages_per_second": round(statistics.median(ours), 3),
    }


def _plain_loop(pages: list[Any]) -> float:
    import pytesseract

    started = time.perf_counter()
    for page in pages:
        pytesseract.image_to_string(page)
    return time.perf_counter() - started
