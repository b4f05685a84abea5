"""Pages per second of PDFs with a text layer, with the sandbox on, beside pypdf and raw pypdfium2."""

import statistics
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.figure import figure
from benchmarks.ingestion.documents import files_under
from benchmarks.ingestion.peers import run_peer
from benchmarks.ingestion.reading import read, sandbox
from ingestion.settings import IngestSettings

_RUNS = 5
_FEWEST_CHARACTERS = 1000
_MOST_PAGES_FOR_PYPDF = 100


def measure(shared: Path) -> list[dict[str, Any]]:
    """The peers read one document after the other in a process of their own, same files.

    So do we, with one parser process, for what a core gives; against pypdf also as the product comes, with its
    processes side by side, which nobody who loops over pypdf has.
    """
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
    raw = [_peer_rate(pages, run_peer("pypdfium2", files), files) for _ in range(_RUNS)]
    short = [path for path in files if pages[path] <= _MOST_PAGES_FOR_PYPDF]
    slow = [run_peer("pypdf", short) for _ in range(_RUNS)]
    short = [path for path in short if all("pages" in run[path] for run in slow)]
    pypdf = [_peer_rate(pages, run, short) for run in slow]
    return [
        _against("pypdfium2", "one core", [_rate(pages, run, files) for run in runs], raw, len(files), goal=0.8),
        _against("pypdf", "one core", [_rate(pages, run, short) for run in runs], pypdf, len(short)),
        _against("pypdf", "as it comes", _together(pages, short), pypdf, len(short), goal=10),
    ]


def _together(pages: dict[Path, int], files: list[Path]) -> list[float]:
    """Pages a second where as many documents are read at once as there are parser processes by default."""
    longest_first, rates = sorted(files, key=lambda path: -pages[path]), []
    workers = IngestSettings(_env_file=None).parse_workers
    with sandbox(parse_workers=workers) as parsers, ThreadPoolExecutor(workers) as pool:
        for attempt in range(_RUNS + 1):
            started = time.perf_counter()
            for outcome in pool.map(partial(read, parsers), longest_first):
                if outcome.document is None:
                    raise RuntimeError(f"{outcome.path} was read before: {outcome.reason or outcome.error}")
            if attempt:  # the first time its processes start
                rates.append(sum(pages[path] for path in files) / (time.perf_counter() - started))
    return rates


def _is_text(document: Any) -> bool:
    return document is not None and "ocr_pages" not in document.metadata


def _rate(pages: dict[Path, int], seconds: dict[Path, float], files: list[Path]) -> float:
    return sum(pages[path] for path in files) / sum(seconds[path] for path in files)


def _peer_rate(pages: dict[Path, int], rows: dict[Path, dict[str, Any]], files: list[Path]) -> float:
    return _rate(pages, {path: rows[path]["seconds"] for path in files}, files)


def _against(
    peer: str, how: str, ours: Sequence[float], theirs: Sequence[float], files: int, *, goal: float | None = None
) -> dict[str, Any]:
    ratio = statistics.median(ours) / statistics.median(theirs)
    found = figure(
        f"PDF text against {peer}, {how}",
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
