"""An erasure whose process is killed at any step goes on after it and ends as if nothing had happened."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import select

from ingestion.erasing import ERASE_CRASH_POINTS, run_next
from storage.erasure.evidence import evidence_file
from storage.postgres.models.erasure import Erasure, ErasureState
from storage.postgres.session import owner_session
from storage.reconciler import verify
from tests.factories.knowledge import FAST
from tests.integration.erasure.conftest import Scene
from tests.integration.erasure.test_erase import ask_for


def die(scene: Scene, point: str) -> None:
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("PIXEL_")},
        "PIXEL_HOME": str(scene.stores.settings.home_path),
        "PIXEL_CRASH_AT": point,
        "PYTHONPATH": str(Path(__file__).parents[3]),
    }
    process = subprocess.run(
        [sys.executable, "-m", "tests.integration.erasure.dying_process", str(scene.organization_id)],
        env=environment,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert process.returncode == -signal.SIGKILL, process.stderr.decode()[-2000:]


@pytest.mark.parametrize("point", ERASE_CRASH_POINTS)
def test_a_killed_erasure_is_carried_to_its_end(scene: Scene, point: str) -> None:
    erasure_id = ask_for(scene)
    die(scene, point)

    deadline = time.monotonic() + 20
    while not run_next(scene.stores, "second", settings=FAST, organization_id=scene.organization_id):
        assert time.monotonic() < deadline, "the lease of the killed process never ran out"
        time.sleep(0.2)

    with owner_session(scene.stores.owner) as session:
        row = session.scalars(select(Erasure).where(Erasure.id == erasure_id)).one()
    assert (row.state, row.error) == (ErasureState.COMPLETED, None)
    assert row.proof is not None
    assert row.proof["searched_for"] > 10
    assert scene.places() == set()
    assert scene.documents() == [scene.bystander_id]
    assert not evidence_file(scene.stores.settings, erasure_id).exists()
    assert verify(scene.stores, heal=False, organization_id=scene.organization_id).drift_before == 0
