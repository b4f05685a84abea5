from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session

from serving.bots.seed_files import read_collaboration_flows, read_conversation_flows, read_templates
from serving.bots.seeding import SeedReport, seed_reference_data
from storage.postgres.models.chatbot_template import ChatbotTemplate
from storage.postgres.models.conversation_flow import ConversationFlow
from storage.postgres.models.mcp_collaboration_flow import McpCollaborationFlow
from storage.postgres.models.organization import Organization
from storage.postgres.models.template_integration import TemplateIntegration
from storage.postgres.session import organization_session

TEMPLATES = read_templates()
LINKS = sum(len(row["required_integrations"]) for row in TEMPLATES)
TOTAL = len(TEMPLATES) + LINKS + len(read_collaboration_flows()) + len(read_conversation_flows())

OwnedModel = type[ChatbotTemplate] | type[ConversationFlow] | type[McpCollaborationFlow]


@pytest.fixture
def session(owner: Engine) -> Iterator[Session]:
    """A session of the owner with the seeds in place; everything is rolled back at the end."""
    with Session(owner) as session:
        seed_reference_data(session)
        yield session
        session.rollback()


def _template(session: Session, template_id: str) -> ChatbotTemplate:
    return session.scalars(select(ChatbotTemplate).where(ChatbotTemplate.template_id == template_id)).one()


def _count(session: Session, model: OwnedModel) -> int:
    return session.scalar(select(func.count()).where(model.organization_id.is_(None))) or 0


class TestSeedReferenceData:
    def test_seeds_every_file(self, session: Session) -> None:
        assert _count(session, ChatbotTemplate) == 8
        assert _count(session, McpCollaborationFlow) == 6
        assert _count(session, ConversationFlow) == 1
        seeded = select(ChatbotTemplate.id).where(ChatbotTemplate.organization_id.is_(None))
        links = select(func.count()).where(TemplateIntegration.template_id.in_(seeded))
        assert session.scalar(links) == LINKS

    def test_again_changes_nothing(self, session: Session) -> None:
        assert seed_reference_data(session) == SeedReport(inserted=0, updated=0, unchanged=TOTAL)

    def test_equal_rows_are_not_written(self, session: Session) -> None:
        versions = text("SELECT array_agg(xmin::text || ctid::text ORDER BY template_id) FROM chatbot_templates")
        before = session.scalar(versions)
        seed_reference_data(session)
        session.expire_all()
        assert session.scalar(versions) == before

    def test_inserts_what_is_missing(self, session: Session) -> None:
        session.execute(text("DELETE FROM mcp_collaboration_flows WHERE organization_id IS NULL"))
        assert seed_reference_data(session) == SeedReport(inserted=6, updated=0, unchanged=TOTAL - 6)

    def test_restores_a_changed_template_and_keeps_its_counters(self, session: Session) -> None:
        template = _template(session, "art-design-expert-v1")
        template.description, template.usage_count = "changed by hand", 41
        session.flush()
        assert seed_reference_data(session) == SeedReport(inserted=0, updated=1, unchanged=TOTAL - 1)
        session.refresh(template)
        assert (template.description or "").startswith("Writes creative briefs")
        assert template.usage_count == 41

    def test_restores_a_changed_configuration(self, session: Session) -> None:
        template = _template(session, "legal-consultant-expert-v1")
        template.conversation_config = {**template.conversation_config, "welcome_message": "x"}
        session.flush()
        assert seed_reference_data(session).updated == 1

    def test_flow_belongs_to_its_template(self, session: Session) -> None:
        flow = session.scalars(
            select(ConversationFlow).where(ConversationFlow.flow_id == "pm-project-assessment-v1")
        ).one()
        assert flow.template_id == _template(session, "project-management-expert-v1").id
        assert flow.execution_stats is None

    def test_premium_follows_the_tier(self, session: Session) -> None:
        assert _template(session, "art-design-expert-v1").is_premium is True
        assert _template(session, "personal-assistant-expert-v1").is_premium is False

    def test_every_organization_reads_the_templates(
        self, owner: Engine, app: Engine, organization: Organization
    ) -> None:
        with Session(owner) as writing, writing.begin():
            seed_reference_data(writing)
        with organization_session(app, organization.id) as reading:
            assert _count(reading, ChatbotTemplate) == 8
