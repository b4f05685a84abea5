"""Writes the reference data into Postgres: templates, their integrations and the flows. Runs as the owner.

Seeds are rows without an organization. A row whose content is what the files say is not touched, so `updated_at` tells
when the product last changed it, and counters that the application keeps (usage, ratings) survive every run.
"""

from __future__ import annotations

import uuid
from collections import Counter
from dataclasses import dataclass
from typing import Any, TypeVar

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from serving.bots.seed_files import SeedRow, read_collaboration_flows, read_conversation_flows, read_templates
from storage.postgres.models.chatbot_template import ChatbotTemplate
from storage.postgres.models.conversation_flow import ConversationFlow
from storage.postgres.models.mcp_collaboration_flow import McpCollaborationFlow
from storage.postgres.models.template_integration import TemplateIntegration

log = structlog.get_logger(__name__)

_PREMIUM_TIERS = {"premium", "enterprise"}

Row = TypeVar("Row", ChatbotTemplate, ConversationFlow, McpCollaborationFlow, TemplateIntegration)


@dataclass(frozen=True)
class SeedReport:
    """How many rows a run wrote."""

    inserted: int
    updated: int
    unchanged: int


def seed_reference_data(session: Session) -> SeedReport:
    """Bring the reference rows in line with the seed files; a second run changes nothing.

    Args:
        session: a session of the owner, inside a transaction that the caller commits.

    Returns:
        The counts over all four tables.
    """
    outcomes: Counter[str] = Counter()
    template_ids: dict[str, uuid.UUID] = {}
    for row in read_templates():
        template_ids[row["template_id"]] = _seed_template(session, row, outcomes)
    for flow in read_collaboration_flows():
        _seed_collaboration_flow(session, flow, outcomes)
    for flow in read_conversation_flows():
        _seed_conversation_flow(session, flow, template_ids, outcomes)
    session.flush()
    report = SeedReport(outcomes["inserted"], outcomes["updated"], outcomes["unchanged"])
    log.info("reference_data_seeded", inserted=report.inserted, updated=report.updated, unchanged=report.unchanged)
    return report


def _seed_template(session: Session, row: SeedRow, outcomes: Counter[str]) -> uuid.UUID:
    found = session.scalar(select(ChatbotTemplate).where(ChatbotTemplate.template_id == row["template_id"]))
    values = {**row, "is_premium": row["price_tier"] in _PREMIUM_TIERS}
    template = _upsert(session, found, ChatbotTemplate, values, outcomes)
    for integration_type in row["required_integrations"]:
        statement = select(TemplateIntegration).where(
            TemplateIntegration.template_id == template.id,
            TemplateIntegration.integration_type == integration_type,
        )
        link = {"template_id": template.id, "integration_type": integration_type, "is_required": True}
        _upsert(session, session.scalar(statement), TemplateIntegration, link, outcomes)
    return template.id


def _seed_collaboration_flow(session: Session, row: SeedRow, outcomes: Counter[str]) -> None:
    statement = select(McpCollaborationFlow).where(
        McpCollaborationFlow.flow_name == row["flow_name"], McpCollaborationFlow.organization_id.is_(None)
    )
    _upsert(session, session.scalar(statement), McpCollaborationFlow, row, outcomes)


def _seed_conversation_flow(
    session: Session, row: SeedRow, template_ids: dict[str, uuid.UUID], outcomes: Counter[str]
) -> None:
    statement = select(ConversationFlow).where(ConversationFlow.flow_id == row["flow_id"])
    values = {
        **row,
        "template_id": template_ids[row["template_id"]],
        "test_scenarios": {"scenarios": row["test_scenarios"]},
    }
    _upsert(session, session.scalar(statement), ConversationFlow, values, outcomes)


def _upsert(
    session: Session, found: Row | None, model: type[Row], values: dict[str, Any], outcomes: Counter[str]
) -> Row:
    """Insert or change one row; assigning only what differs keeps an equal row out of the flush."""
    if found is None:
        row = model(**values)
        session.add(row)
        session.flush()
        outcomes["inserted"] += 1
        return row
    changed = {key: value for key, value in values.items() if getattr(found, key) != value}
    for key, value in changed.items():
        setattr(found, key, value)
    outcomes["updated" if changed else "unchanged"] += 1
    return found
