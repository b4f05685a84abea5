"""Restricted documents under row-level security, whatever the application does or forgets."""

import uuid
from collections.abc import Sequence

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from storage.postgres.models.organization import Organization
from storage.postgres.session import organization_session, owner_session
from storage.postgres.visibility import reading_as
from tests.factories.knowledge import make_knowledge_base

TABLES = ("documents", "document_versions", "chunks", "retrieval_labels", "ingestions")


@pytest.fixture
def groups(owner: Engine, app: Engine, organization: Organization) -> tuple[uuid.UUID, uuid.UUID]:
    """Two groups; the first one's document has a row in every table that tells of it."""
    base = make_knowledge_base(app, organization.id)
    ours, theirs = uuid.uuid4(), uuid.uuid4()
    ids = {name: uuid.uuid4() for name in ("document", "version", "chunk", "ingestion")}
    values = {**ids, "organization": organization.id, "base": base.id, "ours": [ours]}
    with owner_session(owner) as session:
        for statement in (
            "INSERT INTO ingestions (id, organization_id, knowledge_base_id, name, group_ids) "
            "VALUES (:ingestion, :organization, :base, 'secret.md', NULL)",
            "INSERT INTO documents (id, organization_id, knowledge_base_id, source_uri, name, group_ids) "
            "VALUES (:document, :organization, :base, 'upload:secret.md', 'secret.md', :ours)",
            "INSERT INTO document_versions (id, organization_id, document_id, ingestion_id, number, content_hash, "
            "pipeline_version, state, byte_size) "
            "VALUES (:version, :organization, :document, :ingestion, 1, 'a', 'p', 'ready', 1)",
            "INSERT INTO chunks (id, organization_id, document_version_id, document_id, chunking, ordinal, text, "
            "text_hash, token_count, char_start, char_end) "
            "VALUES (:chunk, :organization, :version, :document, 'c', 0, 'secret', 'h', 1, 0, 6)",
            "INSERT INTO retrieval_labels (organization_id, knowledge_base_id, document_id, document_version_id, query, "
            "char_start, char_end, relevance) VALUES (:organization, :base, :document, :version, 'secret?', 0, 6, 1)",
        ):
            session.execute(text(statement), values)
    return ours, theirs


def seen(app: Engine, organization: Organization) -> list[int]:
    """Rows of each table that a session sees."""
    with organization_session(app, organization.id) as session:
        return [session.scalar(text(f"SELECT count(*) FROM {table}")) or 0 for table in TABLES]  # noqa: S608


class TestReadingAs:
    def test_the_system_and_members_see_it_and_others_do_not(
        self, app: Engine, organization: Organization, groups: tuple[uuid.UUID, uuid.UUID]
    ) -> None:
        ours, theirs = groups
        everything, nothing = [1] * len(TABLES), [0] * len(TABLES)
        readers: Sequence[tuple[Sequence[uuid.UUID] | None, list[int]]] = (
            (None, everything),
            ([ours], everything),
            ([theirs, ours], everything),
            ([theirs], nothing),
            ([], nothing),
        )
        for group_ids, expected in readers:
            with reading_as(group_ids):
                assert seen(app, organization) == expected, group_ids
        assert seen(app, organization) == everything

    def test_an_empty_list_leaves_it_to_owners(
        self, app: Engine, owner: Engine, organization: Organization, groups: tuple[uuid.UUID, uuid.UUID]
    ) -> None:
        with owner_session(owner) as session:
            session.execute(
                text("UPDATE documents SET group_ids = '{}' WHERE organization_id = :id"), {"id": organization.id}
            )
        with reading_as(groups):
            assert seen(app, organization)[0] == 0
        assert seen(app, organization)[0] == 1

    def test_the_block_ends_with_an_error_too(self) -> None:
        from storage.postgres.visibility import reads_everything

        with pytest.raises(RuntimeError), reading_as([]):
            raise RuntimeError
        assert reads_everything()

    def test_what_is_no_id_is_refused(self) -> None:
        with pytest.raises(ValueError, match="badly formed"), reading_as(["*"]):  # type: ignore[list-item]
            pass


class TestSetting:
    @pytest.mark.parametrize("setting", [None, "", " ", "* ", "*,", "'", "{*}", "%", "null", "ffff", "a,b,*"])
    def test_a_missing_or_malformed_setting_shows_nothing_restricted(
        self, app: Engine, organization: Organization, groups: tuple[uuid.UUID, uuid.UUID], setting: str | None
    ) -> None:
        with Session(app) as session, session.begin():
            session.execute(text("SELECT set_config('pixel.organization_id', :id, true)"), {"id": str(organization.id)})
            if setting is not None:
                session.execute(text("SELECT set_config('pixel.groups', :groups, true)"), {"groups": setting})
            counts = [session.scalar(text(f"SELECT count(*) FROM {table}")) for table in TABLES]  # noqa: S608
        assert counts == [0] * len(TABLES)

    def test_the_setting_ends_with_its_transaction(self, app: Engine, organization: Organization) -> None:
        with app.connect() as connection:
            with organization_session(app, organization.id):
                pass
            assert connection.scalar(text("SELECT current_setting('pixel.groups', true)")) in (None, "")


class TestWriting:
    def test_a_restricted_document_is_neither_changed_nor_deleted_by_others(
        self, app: Engine, organization: Organization, groups: tuple[uuid.UUID, uuid.UUID]
    ) -> None:
        with reading_as([groups[1]]), organization_session(app, organization.id) as session:
            changed = session.execute(text("UPDATE documents SET group_ids = NULL, name = 'mine' RETURNING id")).all()
            deleted = session.execute(text("DELETE FROM documents RETURNING id")).all()
        assert (changed, deleted) == ([], [])
        assert seen(app, organization)[0] == 1

    def test_nobody_writes_what_they_would_not_see(
        self, app: Engine, organization: Organization, groups: tuple[uuid.UUID, uuid.UUID]
    ) -> None:
        ours, theirs = groups
        with (
            pytest.raises(ProgrammingError, match="row-level security"),
            reading_as([ours]),
            organization_session(app, organization.id) as session,
        ):
            session.execute(text("UPDATE documents SET group_ids = :theirs"), {"theirs": [theirs]})


class TestHidesDocuments:
    def test_it_tells_whether_anything_is_kept_back(
        self,
        app: Engine,
        organization: Organization,
        other_organization: Organization,
        groups: tuple[uuid.UUID, uuid.UUID],
    ) -> None:
        ours, theirs = groups
        for reader, expected in ((None, False), ([ours], False), ([theirs], True), ([], True)):
            with reading_as(reader), organization_session(app, organization.id) as session:
                assert session.scalar(text("SELECT hides_documents()")) is expected
        with reading_as([]), organization_session(app, other_organization.id) as session:
            assert session.scalar(text("SELECT hides_documents()")) is False
