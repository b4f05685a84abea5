"""Events of ingestion, written in the transaction of their cause."""

import uuid

from sqlalchemy import text
from sqlalchemy.orm import Session

from storage.postgres.models.base import JsonObject
from storage.postgres.models.outbox_event import OutboxEvent

STAGED = "document.staged"
READY = "document.ready"
FAILED = "document.failed"
HELD = "document.held"  # a version waits for its owner's decision
VECTOR_DELETE = "vector.delete"  # the ingest worker consumes this one; the others are for whoever listens
VECTOR_MOVE = "vector.move"  # and this one: a version's document is in another knowledge base now
JOBS_CHANNEL = "pixel_jobs"


def emit(
    session: Session, organization_id: uuid.UUID, topic: str, *, subject_id: uuid.UUID, payload: JsonObject
) -> None:
    """Write an event; it exists if and only if the transaction commits."""
    session.add(OutboxEvent(organization_id=organization_id, topic=topic, subject_id=subject_id, payload=payload))
    if topic in (STAGED, VECTOR_DELETE, VECTOR_MOVE):
        session.execute(text("SELECT pg_notify(:channel, '')"), {"channel": JOBS_CHANNEL})
