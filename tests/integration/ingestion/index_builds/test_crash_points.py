"""kill -9 at each boundary of a batch, then a new builder: it goes on, and the index is whole."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ingestion.crash_points import BUILD_CRASH_POINTS
from ingestion.index_builds.build import build, create_index_version
from ingestion.index_builds.progress import BuildProgress
from ingestion.index_builds.request import BuildRequest
from storage.postgres.models.index_version import IndexStatus, IndexVersion
from tests.factories.knowledge import FAST
from tests.integration.ingestion.index_builds.conftest import DOCUMENTS, Shelf

CHANGED = BuildRequest(chunker="sentences", chunk_tokens=24)


def die(shelf: Shelf, index: IndexVersion, point: str) -> None:
    """Build in another process that is killed at a point."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("PIXEL_")},
        "PIXEL_HOME": str(shelf.stores.settings.home_path),
        "PIXEL_CRASH_AT": point,
        "PYTHONPATH": str(Path(__file__).parents[4]),
        "OMP_NUM_THREADS": "2",
    }
    process = subprocess.run(
        [
            sys.executable, "-m", "tests.integration.ingestion.index_builds.dying_builder",
            str(shelf.organization_id), str(index.id),
        ],
        env=environment,
        capture_output=True,
        timeout=120,
        check=False,
    )  # fmt: skip
    assert process.returncode == -signal.SIGKILL, process.stderr.decode()[-2000:]


class TestKillAt:
    @pytest.mark.parametrize("point", BUILD_CRASH_POINTS)
    def test_a_killed_build_goes_on_where_it_was(self, shelf: Shelf, point: str) -> None:
        index = create_index_version(shelf.stores, shelf.organization_id, CHANGED, settings=FAST)

        die(shelf, index, point)

        assert shelf.index(index.number).status == IndexStatus.BUILDING
        held = len(DOCUMENTS) - len(shelf.missing(index.number))
        assert held == (2 if point == "after_batch_noted" else 0)
        told: list[BuildProgress] = []
        build(shelf.stores, shelf.organization_id, index.id, settings=FAST, on_progress=told.append)
        assert shelf.index(index.number).status == IndexStatus.CANDIDATE
        assert told[-1].documents_done == len(DOCUMENTS)
        # What was read and embedded before the kill is not read and embedded again.
        assert told[-1].documents_read == len(DOCUMENTS) - 2
        drift = shelf.drift(index.number)
        assert (drift.rows, drift.found) == (0, drift.expected)
        if point in ("after_batch_committed", "after_batch_indexed"):
            assert told[-1].embeddings_reused > 0
        assert shelf.drift(shelf.live().number).rows == 0
