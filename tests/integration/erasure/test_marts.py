"""Erasing takes rows out of the warehouse at once, and the next build agrees."""

from collections.abc import Iterator

import pytest
from sqlalchemy import text

from ingestion.erasing import request_erasure
from storage.erasure.erase import erase
from storage.postgres.models.erasure import ErasureKind, ErasureState
from storage.postgres.session import owner_session
from storage.postgres.warehouse import mark_built, needs_full_refresh
from storage.stores import Stores, open_stores
from tests.factories.accounts import make_organization
from tests.factories.answers import answered_turn, make_studio
from tests.factories.installation import Installation

_DOCUMENTS = text("SELECT document_id FROM analytics.dim_documents ORDER BY document_id")
_PASSAGES = text("SELECT count(*) FROM analytics.fct_answer_passages WHERE document_id = :id")


@pytest.fixture(scope="module")
def installation() -> Iterator[Installation]:
    made = Installation.make()
    yield made
    made.close()


@pytest.fixture
def own_stores(installation: Installation) -> Iterator[Stores]:
    opened = open_stores(installation.settings)
    yield opened
    opened.close()


def test_rows_go_at_once_and_the_next_build_is_a_full_one(installation: Installation, own_stores: Stores) -> None:
    studios = [make_studio(own_stores.owner, make_organization(own_stores.owner).id) for _ in range(2)]
    for studio in studios:
        answered_turn(own_stores.owner, studio)
    installation.build_warehouse()
    mark_built(own_stores.owner)
    gone, stays = studios

    with owner_session(own_stores.owner) as session:
        row = request_erasure(session, gone.organization_id, kind=ErasureKind.DOCUMENT, subject=str(gone.document_id))
        erasure_id = row.id
    done = erase(own_stores, erasure_id)

    assert (done.state, done.error) == (ErasureState.COMPLETED, None)
    assert done.touched["analytics.dim_documents"] == 1
    with own_stores.owner.connect() as connection:
        assert connection.scalars(_DOCUMENTS).all() == [stays.document_id]
        assert connection.scalar(_PASSAGES, {"id": gone.document_id}) == 0
        assert connection.scalar(_PASSAGES, {"id": stays.document_id}) == 1
    assert needs_full_refresh(own_stores.owner)
    installation.build_warehouse()  # its tests hold with passages that were erased
    with own_stores.owner.connect() as connection:
        assert connection.scalars(_DOCUMENTS).all() == [stays.document_id]
