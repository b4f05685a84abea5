"""`pixel bench fuzz`: thousands of damaged documents through the sandbox; no worker may be lost, none may hang.

`python -m benchmarks.fuzz --mutants 20000 --seed 1` runs more. The same seed gives the same mutants of the seeds made
here; documents beside the checkout are used too when they are there.
"""

import argparse
import collections
import json
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from benchmarks.figure import figure, machine
from benchmarks.ingestion.reading import Outcome, read, sandbox
from benchmarks.mutants import Mutant, mutants, seeds

SHARED = Path(__file__).parents[2] / "shared" / "data"
_MUTANTS = 2_000
_SECONDS = 5.0
_GRACE_SECONDS = 2.0
_AT_ONCE = 2


def measure() -> dict[str, Any]:
    """Run the default number of mutants; about a minute."""
    return fuzz(_MUTANTS, seed=1)


def fuzz(count: int, *, seed: int) -> dict[str, Any]:
    """Read mutants with OCR off and a short time limit.

    Args:
        count: How many.
        seed: Of the random numbers.
    """
    started = time.perf_counter()
    kinds: collections.Counter[str] = collections.Counter()
    bad: dict[str, list[str]] = {"lost": [], "crash": [], "hang": [], "slow": []}
    slowest = 0.0
    with (
        tempfile.TemporaryDirectory() as folder,
        sandbox(parse_workers=_AT_ONCE, parse_seconds=_SECONDS, ocr_languages="") as parsers,
        ThreadPoolExecutor(_AT_ONCE) as pool,
    ):

        def one(mutant: Mutant) -> Outcome:
            path = Path(folder) / mutant.name
            path.write_bytes(mutant.data)
            try:
                return read(parsers, path)
            finally:
                path.unlink()

        for outcome in pool.map(one, mutants(seeds(SHARED), count, seed=seed)):
            kinds[outcome.failure or ("lost" if outcome.error else "read")] += 1
            slowest = max(slowest, outcome.seconds)
            if outcome.error:
                bad["lost"].append(f"{outcome.path.name}: {outcome.error}")
            if "crash" in outcome.reason:
                bad["crash"].append(outcome.path.name)
            if outcome.failure == "timed_out":
                bad["slow"].append(outcome.path.name)
            if outcome.seconds > _SECONDS + _GRACE_SECONDS:
                bad["hang"].append(outcome.path.name)
        largest = parsers.peak_mb
    seconds = time.perf_counter() - started
    return {
        "name": "fuzz",
        "machine": machine(),
        "figures": [
            figure("mutants", count, "files", seed=seed, outcomes=dict(kinds.most_common()), seconds=round(seconds)),
            figure("lost workers", len(bad["lost"]), "", at_most=0, names=bad["lost"][:20]),
            figure("parser processes that crashed", len(bad["crash"]), "", at_most=0, names=bad["crash"][:20]),
            figure("hangs", len(bad["hang"]), "", at_most=0, names=bad["hang"][:20]),
            figure("time limits passed", kinds["timed_out"], "", at_most=0, names=bad["slow"][:20]),
            figure("slowest mutant", slowest, "s", at_most=_SECONDS + _GRACE_SECONDS),
            figure("largest parser process", largest, "MB", at_most=512),
        ],
    }


def main() -> int:
    """Run from the command line and print JSON."""
    parser = argparse.ArgumentParser(description="Damaged documents through the sandbox.")
    parser.add_argument("--mutants", type=int, default=_MUTANTS)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    sys.stdout.write(json.dumps(fuzz(arguments.mutants, seed=arguments.seed), indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
