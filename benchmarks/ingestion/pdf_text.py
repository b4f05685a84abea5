"""How near the text of PDFs is to the truth: texts typeset on the spot, and documents with an accepted text."""

import csv
import re
import statistics
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.figure import figure
from benchmarks.ingestion.documents import existing, printed_lines, typeset
from benchmarks.ingestion.peers import run_peer
from benchmarks.ingestion.reading import read, sandbox
from benchmarks.ingestion.similarity import word_similarity

_MOST_LINES = 560
_MARKUP = re.compile(r"<!--.*?-->|[#*_`|]|\\|-{3,}|!\[[^\]]*\]\([^)]*\)", re.DOTALL)


def measure(shared: Path) -> list[dict[str, Any]]:
    """Mean word similarity of ours and of both peers on the same files."""
    with tempfile.TemporaryDirectory() as folder:
        truths = _typeset(existing(shared / "pypdf_benchmarks" / "ground_truth"), Path(folder))
        figures = _compared("typeset texts", truths)
    accepted = _accepted(existing(shared / "documents"))
    return figures + (_compared("documents with an accepted text", accepted) if accepted else [])


def _typeset(source: Path, folder: Path) -> dict[Path, str]:
    truths = {}
    for path in sorted(source.glob("*.txt")):
        lines = printed_lines(path.read_text(encoding="utf-8"))[:_MOST_LINES]
        truths[typeset(lines, folder / f"{path.stem}.pdf")] = "\n".join(lines)
    return truths


def _accepted(documents: Path) -> dict[Path, str]:
    truths = {}
    with (documents / "manifest.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            truth = documents / (row["ground_truth"] or "-")
            if row["ext"] == ".pdf" and row["klass"] == "text" and truth.is_file():
                truths[documents / row["path"]] = _MARKUP.sub(" ", truth.read_text(encoding="utf-8"))
    return truths


def _compared(name: str, truths: dict[Path, str]) -> list[dict[str, Any]]:
    with sandbox(parse_workers=1) as parsers:
        outcomes = {path: read(parsers, path) for path in truths}
    texts = {path: _MARKUP.sub(" ", o.document.text if o.document else "") for path, o in outcomes.items()}
    ours = [word_similarity(texts[path], truth) for path, truth in truths.items()]
    figures = []
    for peer in ("pypdf", "pypdfium2"):
        rows = run_peer(peer, truths)
        theirs = [
            word_similarity(_MARKUP.sub(" ", rows[path].get("text", "")), truth) for path, truth in truths.items()
        ]
        mean, peer_mean = round(statistics.mean(ours), 4), round(statistics.mean(theirs), 4)
        figures.append(
            figure(
                f"similarity, {name}, against {peer}",
                mean,
                "",
                at_least=peer_mean,
                spread=(min(ours), max(ours)),
            )
            | {
                "peer": peer,
                "peer_value": round(peer_mean, 4),
                "ratio": round(mean / max(peer_mean, 1e-9), 4),
                "files": len(ours),
            }
        )
    return figures
