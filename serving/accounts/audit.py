"""The audit log: written in the transaction of the change it tells of."""

import uuid
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from serving.accounts.principal import Actor
from storage.postgres.models.audit_event import AuditEvent


def record(
    session: AsyncSession,
    actor: Actor,
    action: str,
    *,
    subject_type: str,
    subject_id: uuid.UUID | None,
    details: dict[str, Any] | None = None,
) -> None:
    """Write one event. `details` holds ids and settings, never text of documents, prompts or secrets."""
    by_visitor = {"visitor_id": str(actor.visitor_id)} if actor.visitor_id is not None else {}
    session.add(
        AuditEvent(
            organization_id=actor.organization_id,
            user_id=actor.user_id,
            api_key_id=actor.api_key_id,
            action=action,
            subject_type=subject_type,
            subject_id=subject_id,
            details={**(details or {}), **by_visitor},
        )
    )
