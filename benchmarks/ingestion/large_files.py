"""A text of 200 MB and a PDF of 2,000 pages: seconds, memory of both sides, and how long nothing is heard."""

import itertools
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from benchmarks.figure import figure
from benchmarks.ingestion.reading import sandbox
from ingestion.parsing.sandbox import ParserSandbox

_TEXT_BYTES = 200_000_000
_PAGES, _LINES = 2_000, 45
_LINE = "Line {} of the report says that the pump of the north station runs at two bar."
_LIMITS = {"max_file_bytes": 300_000_000, "max_text_characters": 300_000_000}


def measure(shared: Path) -> list[dict[str, Any]]:
    """Each file in a process of its own on the worker's side, so that its memory is that file's alone."""
    del shared  # both files are made on the spot
    figures: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        for name, path in (("text of 200 MB", _text(Path(folder))), ("PDF of 2,000 pages", _pdf(Path(folder)))):
            command = [sys.executable, "-m", "benchmarks.ingestion.large_files", str(path)]
            output = subprocess.run(
                command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2]
            ).stdout
            seconds, silence, parser_mb, worker_mb, characters = (float(value) for value in output.split())
            figures += [
                figure(f"{name}: time", seconds, "s", characters=int(characters)),
                figure(f"{name}: most memory of the parser", parser_mb, "MB", at_most=512),
                figure(f"{name}: most memory of the worker while it is read", worker_mb, "MB", at_most=512),
                figure(f"{name}: longest silence", silence, "s", at_most=2),
            ]
    return figures


def _text(folder: Path) -> Path:
    path, number, size = folder / "large.txt", 0, 0
    with path.open("w", encoding="utf-8") as file:
        while size < _TEXT_BYTES:
            size += file.write("\n".join(_LINE.format(number + step) for step in range(5)) + "\n\n")
            number += 5
    return path


def _pdf(folder: Path) -> Path:
    from reportlab.pdfgen.canvas import Canvas

    canvas = Canvas(str(folder / "large.pdf"))
    for page in range(_PAGES):
        for line in range(_LINES):
            canvas.drawString(72, 780 - 15 * line, _LINE.format(page * _LINES + line))
        canvas.showPage()
    canvas.save()
    return folder / "large.pdf"


def _read(path: Path) -> None:
    """Read a file and print what it took."""
    moments = [time.monotonic()]
    done, parser_mb = threading.Event(), [0.0]
    with sandbox(parse_workers=1, **_LIMITS) as parsers:
        watch = threading.Thread(target=_watch, args=(parsers, done, parser_mb))
        watch.start()
        try:
            document = parsers.parse(path, name=path.name, on_progress=lambda _, __: moments.append(time.monotonic()))
        finally:
            moments.append(time.monotonic())
            done.set()
            watch.join()
    silence = max(after - before for before, after in itertools.pairwise(moments))
    figures = (moments[-1] - moments[0], silence, parser_mb[0], _most_mb("self"), len(document.text))
    sys.stdout.write(" ".join(str(value) for value in figures) + "\n")


def _watch(parsers: ParserSandbox, done: threading.Event, most: list[float]) -> None:
    while not done.wait(0.05):
        for pid in (process.pid for process in parsers._processes):
            if pid is not None:
                most[0] = max(most[0], _most_mb(str(pid)))


def _most_mb(pid: str) -> float:
    """The most memory that a process ever held (VmHWM); 0 where the kernel does not say."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0.0)


if __name__ == "__main__":
    _read(Path(sys.argv[1]))
