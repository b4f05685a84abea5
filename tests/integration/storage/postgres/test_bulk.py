"""Many rows at once."""

import uuid
from typing import Any

import pytest
from sqlalchemy import Engine, select

from storage.postgres.bulk import insert_rows, table_of
from storage.postgres.models.document import Document
from storage.postgres.models.embedding import Embedding
from storage.postgres.models.organization import Organization
from storage.postgres.session import organization_session
from tests.factories.knowledge import make_knowledge_base


def embeddings(organization: Organization, count: int, *, first: int = 0) -> list[dict[str, Any]]:
    return [
        {
            "organization_id": organization.id,
            "text_hash": f"{number:064x}",
            "model": "mini",
            "dimension": 2,
            "vector": number.to_bytes(4, "big"),
        }
        for number in range(first, first + count)
    ]


class TestInsertRows:
    @pytest.mark.parametrize("count", [0, 1, 49, 50, 1234])
    def test_all_are_there_as_given(self, app: Engine, organization: Organization, count: int) -> None:
        with organization_session(app, organization.id) as session:
            insert_rows(session, table_of(Embedding), embeddings(organization, count))
        with organization_session(app, organization.id) as session:
            stored = session.scalars(select(Embedding).order_by(Embedding.text_hash)).all()
        assert [(row.text_hash, row.vector) for row in stored] == [
            (row["text_hash"], row["vector"]) for row in embeddings(organization, count)
        ]

    def test_what_is_there_already_stays(self, app: Engine, organization: Organization) -> None:
        for first in (0, 50):
            with organization_session(app, organization.id) as session:
                insert_rows(session, table_of(Embedding), embeddings(organization, 100, first=first))
        with organization_session(app, organization.id) as session:
            assert len(session.scalars(select(Embedding.text_hash)).all()) == 150

    def test_twice_in_one_transaction(self, app: Engine, organization: Organization) -> None:
        with organization_session(app, organization.id) as session:
            insert_rows(session, table_of(Embedding), embeddings(organization, 60))
            insert_rows(session, table_of(Embedding), embeddings(organization, 60, first=60))
            assert len(session.scalars(select(Embedding.text_hash)).all()) == 120

    def test_lists_documents_and_nulls_keep_their_types(self, app: Engine, organization: Organization) -> None:
        base = make_knowledge_base(app, organization.id)
        rows = [
            {
                "id": uuid.uuid4(), "organization_id": organization.id, "knowledge_base_id": base.id,
                "source_uri": f"bulk:{number}", "name": "a\tb\\N\n'", "tags": ["x, y", '"', ""],
                "custom_metadata": {"a": [1, None, "\\"]}, "tombstoned_at": None,
            }
            for number in range(60)
        ]  # fmt: skip
        with organization_session(app, organization.id) as session:
            insert_rows(session, table_of(Document), rows)
        with organization_session(app, organization.id) as session:
            stored = session.scalars(select(Document).limit(1)).one()
        assert (stored.name, stored.tags, stored.custom_metadata) == (
            rows[0]["name"],
            rows[0]["tags"],
            {"a": [1, None, "\\"]},
        )

    def test_another_organization_s_rows_are_refused(
        self, app: Engine, organization: Organization, other_organization: Organization
    ) -> None:
        with (
            pytest.raises(Exception, match="row-level security"),
            organization_session(app, organization.id) as session,
        ):
            insert_rows(session, table_of(Embedding), embeddings(other_organization, 60))
