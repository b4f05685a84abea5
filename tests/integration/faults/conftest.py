"""One installation for all faults: each test leaves it running."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from storage.postgres import embedded
from storage.postgres.engine import owner_engine
from tests.factories.installation import Installation


@pytest.fixture(scope="session")
def running_installation() -> Iterator[Installation]:
    """PostgreSQL, API and worker of their own."""
    made = Installation.make()
    try:
        made.start_api()
        made.start_worker()
        yield made
    finally:
        made.close()


@pytest.fixture
def installation(running_installation: Installation) -> Iterator[Installation]:
    """The installation, whole at the start of every test and whole again after it."""
    yield running_installation
    embedded.start(running_installation.settings)
    for name, start in (("api", running_installation.start_api), ("worker", running_installation.start_worker)):
        process = running_installation.processes.get(name)
        if process is None or process.poll() is not None:
            start()


@pytest.fixture
def ledger(installation: Installation) -> Iterator[Engine]:
    """The owner's engine, to look at what is stored."""
    engine = owner_engine(installation.settings)
    yield engine
    engine.dispose()
