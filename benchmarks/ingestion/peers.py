"""The peers, each in a process of its own: `python -m benchmarks.ingestion.peers READER FILE...`.

Prints a line of JSON per file: pages, seconds, and the text or the error's name. READER is pypdf or pypdfium2.
"""

import json
import logging
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

_MEMORY = 2 << 30


def pypdf_pages(path: str) -> list[str]:
    """Every page's text as pypdf gives it."""
    from pypdf import PdfReader

    reader = PdfReader(path)
    if reader.is_encrypted:
        reader.decrypt("")
    return [page.extract_text() for page in reader.pages]


def pypdfium2_pages(path: str) -> list[str]:
    """Every page's text as pypdfium2 gives it."""
    import pypdfium2

    document = pypdfium2.PdfDocument(path)
    texts = []
    for index in range(len(document)):
        page = document[index]
        textpage = page.get_textpage()
        texts.append(textpage.get_text_range())
        textpage.close()
        page.close()
    document.close()
    return texts


READERS: dict[str, Callable[[str], list[str]]] = {"pypdf": pypdf_pages, "pypdfium2": pypdfium2_pages}


def main() -> int:
    """Read the files one after the other; the first one twice, so that imports are not counted."""
    read, files = READERS[sys.argv[1]], sys.argv[2:]
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    _one(read, files[0])
    for file in files:
        sys.stdout.write(json.dumps(_one(read, file)) + "\n")
        sys.stdout.flush()
    return 0


def _one(read: Callable[[str], list[str]], file: str) -> dict[str, Any]:
    started = time.perf_counter()
    try:
        texts = read(file)
    except Exception as error:  # noqa: BLE001 - whatever ends a peer is its result
        return {"file": file, "error": type(error).__name__, "seconds": time.perf_counter() - started}
    seconds = time.perf_counter() - started
    return {
        "file": file,
        "pages": len(texts),
        "seconds": seconds,
        "text": "\n".join(texts).encode("utf-8", "replace").decode(),
    }


def run_peer(reader: str, files: Iterable[Path], *, timeout: float = 600.0) -> dict[Path, dict[str, Any]]:
    """Results by file. Where a file ends the process, the next ones are read by a new one.

    Args:
        reader: pypdf or pypdfium2.
        files: What to read.
        timeout: Seconds for a process.
    """
    waiting, results = list(files), {}
    while waiting:
        command = [sys.executable, "-m", "benchmarks.ingestion.peers", reader, *map(str, waiting)]
        try:
            output = subprocess.run(
                command, capture_output=True, text=True, check=False, timeout=timeout, cwd=Path(__file__).parents[2]
            ).stdout
        except subprocess.TimeoutExpired as error:
            output = (error.stdout or b"").decode(errors="replace") if isinstance(error.stdout, bytes) else ""
        rows = [json.loads(line) for line in output.splitlines() if line.endswith("}")]
        for row in rows:
            results[Path(row["file"])] = row
        waiting = waiting[len(rows) :]
        if waiting:
            results[waiting[0]] = {"file": str(waiting[0]), "error": "ended the process", "seconds": 0.0}
            waiting = waiting[1:]
    return results


if __name__ == "__main__":
    sys.exit(main())
