"""All documents at once, the hostile ones too: what is read, what fails and how, and what it costs."""

import os
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from benchmarks.figure import figure
from benchmarks.ingestion.documents import existing, files_under
from benchmarks.ingestion.reading import MemoryWatch, read, sandbox

_NO_DOCUMENT = {"NOTE.md", "manifest.csv", "LICENSE", "NOTICE"}


def measure(shared: Path) -> list[dict[str, Any]]:
    """Read every file, two at a time, with the default limits."""
    folders = [existing(shared / "documents"), *sorted((shared / "hostile").glob("malformed_*"))]
    files = [path for folder in folders for path in files_under(folder) if path.name not in _NO_DOCUMENT]
    with MemoryWatch() as memory, sandbox() as parsers, ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(lambda path: read(parsers, path), files))
        largest_parser = parsers.peak_mb
    good = [outcome for outcome in outcomes if outcome.document is not None]
    failures = Counter(outcome.failure for outcome in outcomes if outcome.failure)
    crashes = [o.path.name for o in outcomes if "crash" in o.reason]
    hangs = [f"{o.path.name} after {o.seconds:.1f} s" for o in outcomes if o.failure == "timed_out"]
    text_only = [o for o in outcomes if not (o.document and "ocr_pages" in o.document.metadata)]
    slowest = max(outcomes, key=lambda outcome: outcome.seconds)
    slowest_text = max(text_only, key=lambda outcome: outcome.seconds)
    return [
        figure("files read", len(good), "files", files=len(files), failures=dict(failures.most_common())),
        figure("lost workers", sum(o.error is not None for o in outcomes), "", at_most=0),
        figure("parser processes that crashed", len(crashes), "", at_most=0, names=crashes),
        figure("hangs (time limit passed)", len(hangs), "", at_most=0, names=hangs),
        figure("largest parser process", largest_parser, "MB", at_most=512),
        figure("largest parser with its Tesseracts", memory.largest_mb, "MB", cores=os.cpu_count()),
        figure("slowest document", slowest.seconds, "s", at_most=20, document=slowest.path.name),
        figure("slowest document without OCR", slowest_text.seconds, "s", at_most=20, document=slowest_text.path.name),
    ]
