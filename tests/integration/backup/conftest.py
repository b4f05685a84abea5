"""An installation of its own, so that all of it can be backed up, replaced and damaged."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

import pytest

from ingestion.erasing import request_erasure
from storage.backup.backup import back_up
from storage.backup.manifest import Manifest
from storage.erasure.erase import erase
from storage.postgres import embedded
from storage.postgres.models.erasure import Erasure, ErasureKind
from storage.postgres.session import owner_session
from storage.settings import StorageSettings
from storage.stores import Stores, open_stores
from tests.factories.accounts import make_organization
from tests.factories.installation import Installation
from tests.integration.erasure.conftest import Scene, make_scene


@dataclass(frozen=True)
class Place:
    """The installation, a scene in it, and a folder for its backups."""

    stores: Stores
    scene: Scene
    root: Path

    @property
    def settings(self) -> StorageSettings:
        return self.stores.settings

    def back_up(self, *, keep: int | None = None) -> Manifest:
        return back_up(self.stores, self.root, keep=keep)

    def erase_the_secret(self) -> Erasure:
        with owner_session(self.stores.owner) as session:
            row = request_erasure(
                session, self.scene.organization_id, kind=ErasureKind.DOCUMENT, subject=str(self.scene.document_id)
            )
            erasure_id = row.id
        return erase(self.stores, erasure_id)


@pytest.fixture(scope="module")
def installation() -> Iterator[Stores]:
    made = Installation.make()
    stores = open_stores(made.settings)
    yield stores
    stores.close()
    made.close()


@pytest.fixture
def place(installation: Stores, tmp_path: Path) -> Place:
    """A scene of its own, and no backup yet."""
    organization = make_organization(installation.owner)
    return Place(installation, make_scene(installation, organization), tmp_path / "backups")


@pytest.fixture
def elsewhere() -> Iterator[StorageSettings]:
    """Settings of a home that does not exist yet; its server is stopped and all of it removed afterwards."""
    folder = Path(mkdtemp(prefix="pixel-restored-"))
    settings = StorageSettings(_env_file=None, home=folder / "home")
    yield settings
    embedded.stop(settings, immediate=True)
    shutil.rmtree(folder)


@pytest.fixture
def opened(elsewhere: StorageSettings) -> Iterator[Stores]:
    """Stores of that home; open them after restoring and starting its server."""
    stores = open_stores(elsewhere)
    yield stores
    stores.close()
