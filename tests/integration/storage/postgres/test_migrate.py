"""Migrations: up and down on a database with data in it."""

import uuid
from collections.abc import Iterator

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, inspect, text

from storage.postgres.migrate import alembic_config, current_revision, downgrade, is_current, migrate
from storage.postgres.urls import APP_ROLE, OWNER_ROLE, database_urls, embedded_url
from storage.settings import StorageSettings


@pytest.fixture
def scratch(settings: StorageSettings) -> Iterator[StorageSettings]:
    """Settings of an empty database on the same server."""
    name = f"scratch_{uuid.uuid4().hex[:8]}"
    server = create_engine(embedded_url(settings, "postgres", "postgres"), isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} OWNER {OWNER_ROLE}"))
    yield settings.model_copy(
        update={
            "database_url": embedded_url(settings, OWNER_ROLE, name).render_as_string(),
            "app_database_url": embedded_url(settings, APP_ROLE, name).render_as_string(),
            "dagster_database_url": database_urls(settings).dagster.render_as_string(),
        }
    )
    with server.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    server.dispose()


@pytest.fixture
def scratch_engine(scratch: StorageSettings) -> Iterator[Engine]:
    engine = create_engine(database_urls(scratch).owner)
    yield engine
    engine.dispose()


def _put_data(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("INSERT INTO organizations (name, slug, hash_key) VALUES ('A', 'a', 'k')")
        connection.exec_driver_sql("INSERT INTO users (email, name) VALUES ('a@example.com', 'A')")
        connection.exec_driver_sql(
            "INSERT INTO members (organization_id, user_id, role) SELECT o.id, u.id, 'owner' FROM organizations o, users u"
        )


class TestMigrate:
    def test_models_and_migrations_agree(self, settings: StorageSettings) -> None:
        command.check(alembic_config(settings))
        assert is_current(settings)

    def test_every_step_goes_down_and_up_again_with_data(
        self, scratch: StorageSettings, scratch_engine: Engine
    ) -> None:
        migrate(scratch)
        _put_data(scratch_engine)
        revisions = [r.revision for r in ScriptDirectory.from_config(alembic_config(scratch)).walk_revisions()]
        for revision in revisions[1:]:
            downgrade(scratch, revision)
            assert current_revision(scratch_engine) == revision
        with scratch_engine.connect() as connection:
            assert connection.scalar(text("SELECT count(*) FROM members")) == 1
        migrate(scratch)
        with scratch_engine.connect() as connection:
            assert connection.scalar(text("SELECT role FROM members")) == "owner"

    def test_base_leaves_nothing_behind(self, scratch: StorageSettings, scratch_engine: Engine) -> None:
        migrate(scratch)
        _put_data(scratch_engine)
        downgrade(scratch, "base")
        assert inspect(scratch_engine).get_table_names() == ["alembic_version"]
        with scratch_engine.connect() as connection:
            ours = connection.scalar(
                text(
                    "SELECT count(*) FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace WHERE nspname = 'public'"
                )
            )
        assert ours == 0
        assert not is_current(scratch)


class TestIndexBuilds:
    """Revision 0013 names how passages were cut."""

    @staticmethod
    def _put_document(engine: Engine, slug: str, *, live_chunker: str | None) -> None:
        values = {"slug": slug, "chunker": live_chunker}
        with engine.begin() as connection:
            for statement in (
                "INSERT INTO organizations (name, slug, hash_key) VALUES ('A', :slug, 'k')",
                """INSERT INTO knowledge_bases (organization_id, name, slug)
                SELECT id, 'K', 'k' FROM organizations WHERE slug = :slug""",
                """INSERT INTO documents (organization_id, knowledge_base_id, source_uri, name)
                SELECT organization_id, k.id, 'a.md', 'a.md' FROM knowledge_bases k
                JOIN organizations o ON o.id = organization_id WHERE o.slug = :slug""",
                """INSERT INTO document_versions
                (organization_id, document_id, number, content_hash, pipeline_version, state, byte_size, expected_count)
                SELECT organization_id, d.id, 1, 'h', 'p2:fixed-100-10:all-MiniLM-L6-v2', 'ready', 1, 1 FROM documents d
                JOIN organizations o ON o.id = organization_id WHERE o.slug = :slug""",
                """INSERT INTO chunks (id, organization_id, document_version_id, document_id, ordinal, text, text_hash,
                token_count, char_start, char_end)
                SELECT gen_random_uuid(), v.organization_id, v.id, v.document_id, 0, 't', 'h', 1, 0, 1
                FROM document_versions v JOIN organizations o ON o.id = v.organization_id WHERE o.slug = :slug""",
                """INSERT INTO index_versions
                (organization_id, number, status, table_name, embedding_model, dimension, chunker)
                SELECT id, 1, 'live', 'org_' || slug, 'm', 3, CAST(:chunker AS text) FROM organizations
                WHERE slug = :slug AND CAST(:chunker AS text) IS NOT NULL""",
            ):
                connection.execute(text(statement), values)

    def test_passages_get_the_name_of_the_live_cut_and_keep_their_ids(
        self, scratch: StorageSettings, scratch_engine: Engine
    ) -> None:
        migrate(scratch)
        downgrade(scratch, "0012")
        self._put_document(scratch_engine, "with", live_chunker="headings-200-30")
        self._put_document(scratch_engine, "without", live_chunker=None)
        cuts = text(
            "SELECT o.slug, c.chunking, v.chunking AS as_read, c.id FROM chunks c "
            "JOIN document_versions v ON v.id = c.document_version_id JOIN organizations o ON o.id = c.organization_id "
            "ORDER BY o.slug, c.chunking"
        )
        with scratch_engine.connect() as connection:
            before = set(connection.scalars(text("SELECT id FROM chunks")))

        migrate(scratch)

        with scratch_engine.begin() as connection:
            rows = connection.execute(cuts).all()
            assert [(row.slug, row.chunking, row.as_read) for row in rows] == [
                ("with", "headings-200-30", "headings-200-30"),
                ("without", "fixed-100-10", "fixed-100-10"),
            ]
            assert {row.id for row in rows} == before
            connection.execute(
                text(
                    "INSERT INTO chunks (id, organization_id, document_version_id, document_id, chunking, ordinal, text, "
                    "text_hash, token_count, char_start, char_end) SELECT gen_random_uuid(), organization_id, "
                    "document_version_id, document_id, 'sentences-24', 0, 't', 'h', 1, 0, 1 FROM chunks"
                )
            )
        downgrade(scratch, "0012")
        with scratch_engine.connect() as connection:
            assert set(connection.scalars(text("SELECT id FROM chunks"))) == before
        migrate(scratch)
        with scratch_engine.connect() as connection:
            assert len(connection.execute(cuts).all()) == 2


class TestVisitors:
    """Revision 0022 lets people without an account ask."""

    def test_members_conversations_stay_and_visitors_go_with_their_table(
        self, scratch: StorageSettings, scratch_engine: Engine
    ) -> None:
        migrate(scratch)
        downgrade(scratch, "0021")
        _put_data(scratch_engine)
        with scratch_engine.begin() as connection:
            connection.exec_driver_sql(
                "INSERT INTO chatbots (organization_id, name, slug, status) "
                "SELECT id, 'B', 'b', 'published' FROM organizations"
            )
            connection.exec_driver_sql(
                "INSERT INTO conversations (organization_id, chatbot_id, user_id, channel) "
                "SELECT b.organization_id, b.id, u.id, 'web' FROM chatbots b, users u"
            )
        migrate(scratch)
        with scratch_engine.begin() as connection:
            found = connection.exec_driver_sql(
                "SELECT access, frame_origins, daily_questions_per_visitor FROM chatbots"
            )
            assert found.one() == ("members", [], 50)
            connection.exec_driver_sql(
                "INSERT INTO visitors (organization_id, chatbot_id, token_hash, expires_at) "
                "SELECT organization_id, id, 'x', now() + interval '1 day' FROM chatbots"
            )
            connection.exec_driver_sql(
                "INSERT INTO conversations (organization_id, chatbot_id, visitor_id, channel) "
                "SELECT organization_id, chatbot_id, id, 'web' FROM visitors"
            )
        downgrade(scratch, "0021")
        migrate(scratch)
        with scratch_engine.connect() as connection:
            rows = connection.execute(text("SELECT user_id, visitor_id FROM conversations")).all()
        assert len(rows) == 1
        assert rows[0].user_id is not None
