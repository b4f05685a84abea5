"""All parts of `pixel bench serving`; about forty minutes on two cores, ten of them a thousand open streams."""

import sys
from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.figure import figure, machine
from benchmarks.peers import PeerMissingError
from benchmarks.serving import faults, injection, whole_answer
from benchmarks.serving.load import disconnects, litellm, restarts, streams
from benchmarks.shared_data import DataMissingError

PARTS: dict[str, Callable[[], Iterator[dict[str, Any]]]] = {
    "faults": faults.measure,
    "injection": injection.measure,
    "answer": whole_answer.measure,
    "litellm": litellm.measure,
    "disconnects": disconnects.measure,
    "restarts": restarts.measure,
    "streams": streams.measure,
}


def measure() -> dict[str, Any]:
    """Every figure; a part that cannot run here says why and has no value. Language is `pixel bench language`."""
    figures: list[dict[str, Any]] = []
    for name, part in PARTS.items():
        try:
            for found in part():
                sys.stderr.write(f"{found['name']}: {found['value']} {found['unit']}\n")
                figures.append(found)
        except (DataMissingError, PeerMissingError) as error:
            figures.append(figure(f"{name}: not measured", None, "", reason=str(error)))
    return {"name": "serving", "machine": machine(), "figures": figures}
