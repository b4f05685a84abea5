"""Tells running processes of an erasure: what they keep in memory is found by no search of the stores."""

import uuid

from sqlalchemy import func, select
from sqlalchemy.orm import Session

# Whoever listens here is told the id of an organization.
CHANNEL = "pixel_erasures"


def announce(session: Session, organization_id: uuid.UUID) -> None:
    """Let every process forget what it keeps of an organization's answers, once the transaction is committed."""
    session.execute(select(func.pg_notify(CHANNEL, str(organization_id))))
