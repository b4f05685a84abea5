"""All parts of `pixel bench retrieval`; about half an hour on two cores, longer on the first run, which embeds SciFact."""

import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.figure import figure, machine
from benchmarks.peers import PeerMissingError
from benchmarks.retrieval import changes, filters, loading, quality, speed
from benchmarks.retrieval.installation import installation, load
from benchmarks.retrieval.passages import make
from benchmarks.retrieval.sets import scifact
from benchmarks.retrieval.tiny_model import make_tiny_model
from benchmarks.shared_data import DataMissingError

MANY, SOME = 100_000, 5_000


def measure() -> dict[str, Any]:
    """Every figure; a part that cannot run here says why and has no value."""
    figures: list[dict[str, Any]] = []
    for part in (quality.measure, _many, _million, _some):
        figures += _told(part)
    return {"name": "retrieval", "machine": machine(), "figures": figures}


def _told(part: Callable[[], Iterator[dict[str, Any]]]) -> Iterator[dict[str, Any]]:
    try:
        for found in part():
            # Half an hour is long: each figure is told as it comes, also when a later part should fail.
            sys.stderr.write(f"{found['name']}: {found['value']} {found['unit']}\n")
            yield found
    except (DataMissingError, PeerMissingError) as error:
        yield figure(f"not measured: {part.__module__.rsplit('.', 1)[-1]}", None, "", reason=str(error))


def _many() -> Iterator[dict[str, Any]]:
    mass = make(scifact(), MANY)
    with installation() as place, tempfile.TemporaryDirectory(prefix="pixel-drill-") as folder:
        yield from loading.measure(place)
        load(place, mass.texts, mass.vectors)
        yield from speed.whole_search(place, mass)
        yield from speed.vector_search(place, mass)
        yield from changes.promotion(place, mass)
        yield from changes.rebuild(place, mass)
        yield from changes.restore(place, Path(folder))


def _million() -> Iterator[dict[str, Any]]:
    yield from speed.a_million(scifact())


def _some() -> Iterator[dict[str, Any]]:
    mass = make(scifact(), SOME)
    with installation() as place, tempfile.TemporaryDirectory(prefix="pixel-model-") as folder:
        load(place, mass.texts, mass.vectors)
        yield from filters.measure(place)
        yield from changes.another_model(place, mass, make_tiny_model(Path(folder) / "tiny"))
