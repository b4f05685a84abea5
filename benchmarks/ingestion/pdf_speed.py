"""Pages per second of PDFs with a text layer, with the sandbox on, beside pypdf and raw pypdfium2."""

import statistics
from pathlib import Path
from typing import Any

from benchmarks.figure import figure
from benchmarks.ingestion.documents import files_under
from benchmarks.ingestion.peers import run_peer
from benchmarks.ingestion.reading import read, sandbox

_RUNS = 5
_FEWEST_CHARACTERS = 1000
_MOST_PAGES_FOR_PYPDF = 100


def measure(shared: Path) -> list[dict[str, Any]]:
    """One document after the other, one parser process; the peers in a process of their own, same files."""
    candidates = run_peer("pypdfium2", files_under(shared / "documents", ".pdf"))
    rows = {path: row for path, row in candidates.items() if row.get("pages")}
    files = [path for path, row in rows.items() if len(row["text"]) >= _FEWEST_CHARACTERS * row["pages"]]
    with sandbox(parse_workers=1) as parsers:
        files = [path for path in files if _is_text(read(parsers, path).document)]
        runs = []
        for _ in range(_RUNS):
            outcomes = {path: read(parsers, path) for path in files}
            runs.append({path: outcome.seconds for path, outcome in outcomes.items()})
    pages = {path: candidates[path]["pages"] for path in files}
    raw = [run_peer("pypdfium2", files) for _ in range(_RUNS)]
    short = [path for path in files if pages[path] <= _MOST_PAGES_FOR_PYPDF]
    slow = run_peer("pypdf", short)
    short = [path for path in short if "pages" in slow[path]]
    return [
        _against(
            "pypdfium2",
            0.8,
            [_rate(pages, run, files) for run in runs],
            [_peer_rate(pages, run, files) for run in raw],
            len(files),
        ),
        _against("pypdf", 10, [_rate(pages, run, short) for run in runs], [_peer_rate(pages, slow, short)], len(short)),
    ]


def _is_text(document: Any) -> bool:
    return document is not None and "ocr_pages" not in document.metadata


def _rate(pages: dict[Path, int], seconds: dict[Path, float], files: list[Path]) -> float:
    return sum(pages[path] for path in files) / sum(seconds[path] for path in files)


def _peer_rate(pages: dict[Path, int], rows: dict[Path, dict[str, Any]], files: list[Path]) -> float:
    return _rate(pages, {path: rows[path]["seconds"] for path in files}, files)


def _against(peer: str, goal: float, ours: list[float], theirs: list[float], files: int) -> dict[str, Any]:
    ratio = statistics.median(ours) / statistics.median(theirs)
    found = figure(
        f"PDF text against {peer}, one core",
        ratio,
        "times",
        at_least=goal,
        spread=(min(ours) / max(theirs), max(ours) / min(theirs)),
        runs=len(ours),
    )
    return found | {
        "peer": peer,
        "ratio": round(ratio, 3),
        "peer_value": round(statistics.median(theirs), 1),
        "pages_per_second": round(statistics.median(ours), 1),
        "files": files,
    }
