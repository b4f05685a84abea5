"""Row-level security: what the application's role can never do."""

import uuid

import pytest
from sqlalchemy import Engine, delete, inspect, select, text
from sqlalchemy.exc import DBAPIError, ProgrammingError
from sqlalchemy.orm import Session

from storage.postgres.models.chatbot_template import ChatbotTemplate
from storage.postgres.models.knowledge_base import KnowledgeBase
from storage.postgres.models.organization import Organization
from storage.postgres.models.registry import metadata
from storage.postgres.session import organization_session, owner_session


def _knowledge_base(app: Engine, organization: Organization, slug: str) -> uuid.UUID:
    with organization_session(app, organization.id) as session:
        row = KnowledgeBase(organization_id=organization.id, name=slug, slug=slug)
        session.add(row)
        session.flush()
        return row.id


class TestCoverage:
    def test_every_table_with_an_organization_forces_row_level_security(self, owner: Engine) -> None:
        owned = {name for name, table in metadata.tables.items() if "organization_id" in table.columns}
        with owner.connect() as connection:
            forced = set(
                connection.scalars(text("SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity"))
            )
        assert owned - forced == set()
        assert {"organizations", "template_integrations"} <= forced

    def test_the_application_role_has_no_way_around(self, app: Engine) -> None:
        with app.connect() as connection:
            row = connection.execute(
                text("SELECT rolsuper, rolbypassrls, rolcreaterole FROM pg_roles WHERE rolname = current_user")
            ).one()
            owned = connection.scalar(
                text(
                    "SELECT count(*) FROM pg_class WHERE relowner = (SELECT oid FROM pg_roles WHERE rolname = current_user)"
                )
            )
        assert tuple(row) == (False, False, False)
        assert owned == 0

    def test_the_models_and_the_database_name_the_same_tables(self, owner: Engine) -> None:
        assert set(inspect(owner).get_table_names()) - {"alembic_version"} == set(metadata.tables)


class TestOrganizationSession:
    def test_rows_of_another_organization_are_invisible(
        self, app: Engine, organization: Organization, other_organization: Organization
    ) -> None:
        _knowledge_base(app, organization, "mine")
        _knowledge_base(app, other_organization, "theirs")
        with organization_session(app, organization.id) as session:
            slugs = session.scalars(select(KnowledgeBase.slug)).all()
        assert slugs == ["mine"]

    def test_a_row_cannot_be_written_for_another_organization(
        self, app: Engine, organization: Organization, other_organization: Organization
    ) -> None:
        with (
            pytest.raises(ProgrammingError, match="row-level security"),
            organization_session(app, organization.id) as session,
        ):
            session.add(KnowledgeBase(organization_id=other_organization.id, name="x", slug="x"))
            session.flush()

    def test_a_row_cannot_be_moved_to_another_organization(
        self, app: Engine, organization: Organization, other_organization: Organization
    ) -> None:
        _knowledge_base(app, organization, "movable")
        with (
            pytest.raises(ProgrammingError, match="row-level security"),
            organization_session(app, organization.id) as session,
        ):
            session.execute(
                text("UPDATE knowledge_bases SET organization_id = :other"), {"other": other_organization.id}
            )

    def test_no_organization_raises_rather_than_showing_nothing(self, app: Engine) -> None:
        with Session(app) as session, pytest.raises(DBAPIError):
            session.scalars(select(KnowledgeBase)).all()

    def test_the_organization_ends_with_its_transaction(self, app: Engine, organization: Organization) -> None:
        with app.connect() as connection:
            with connection.begin():
                connection.execute(
                    text("SELECT set_config('pixel.organization_id', :id, true)"), {"id": str(organization.id)}
                )
                connection.execute(text("SELECT count(*) FROM knowledge_bases"))
            with pytest.raises(DBAPIError), connection.begin():
                connection.execute(text("SELECT count(*) FROM knowledge_bases"))

    def test_a_malformed_organization_never_reaches_the_database(self, app: Engine) -> None:
        with pytest.raises(ValueError, match="badly formed"), organization_session(app, "x' OR true --"):  # type: ignore[arg-type]
            pass

    def test_the_audit_log_cannot_be_changed(self, app: Engine, organization: Organization) -> None:
        with organization_session(app, organization.id) as session:
            session.execute(
                text("INSERT INTO audit (organization_id, action, subject_type) VALUES (:o, 'a', 'b')"),
                {"o": organization.id},
            )
        for statement in ("UPDATE audit SET action = 'x'", "DELETE FROM audit"):
            with (
                pytest.raises(ProgrammingError, match="permission denied"),
                organization_session(app, organization.id) as session,
            ):
                session.execute(text(statement))


class TestSharedRows:
    def test_everyone_reads_them_and_nobody_changes_them(
        self, app: Engine, owner: Engine, organization: Organization
    ) -> None:
        template_id = f"shared-{uuid.uuid4().hex[:8]}"
        with owner_session(owner) as session:
            session.add(
                ChatbotTemplate(template_id=template_id, name="Shared", category="test", conversation_config={})
            )
        with organization_session(app, organization.id) as session:
            found = session.scalar(select(ChatbotTemplate.name).where(ChatbotTemplate.template_id == template_id))
            changed = session.execute(
                text("UPDATE chatbot_templates SET name = 'Mine' WHERE template_id = :id RETURNING id"),
                {"id": template_id},
            ).all()
            deleted = session.execute(
                text("DELETE FROM chatbot_templates WHERE template_id = :id RETURNING id"), {"id": template_id}
            ).all()
        with owner_session(owner) as session:  # other tests count the shared ones
            session.execute(delete(ChatbotTemplate).where(ChatbotTemplate.template_id == template_id))
        assert (found, changed, deleted) == ("Shared", [], [])

    def test_a_tenant_cannot_publish_one(self, app: Engine, organization: Organization) -> None:
        with (
            pytest.raises(ProgrammingError, match="row-level security"),
            organization_session(app, organization.id) as session,
        ):
            session.add(ChatbotTemplate(template_id="mine", name="x", category="test", conversation_config={}))
            session.flush()
