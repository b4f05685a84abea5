"""All parts of `pixel bench language`; about three minutes on two cores."""

import sys
from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.figure import figure, machine
from benchmarks.language import identification, intents, latency
from benchmarks.shared_data import DataMissingError

PARTS: dict[str, Callable[[], Iterator[dict[str, Any]]]] = {
    "CLINC150": intents.measure_clinc,
    "BANKING77": intents.measure_banking,
    "identification": identification.measure,
    "latency": latency.measure,
}


def measure() -> dict[str, Any]:
    """Every figure; a part whose data is not on this machine says so and has no value."""
    figures: list[dict[str, Any]] = []
    for name, part in PARTS.items():
        try:
            for found in part():
                sys.stderr.write(f"{found['name']}: {found['value']} {found['unit']}\n")
                figures.append(found)
        except DataMissingError as error:
            figures.append(figure(f"not measured: {name}", None, "", reason=str(error)))
    return {"name": "language", "machine": machine(), "figures": figures}
