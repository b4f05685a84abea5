"""What is kept for a time only, and removed when it is over: visitors that are not seen any more, with what they said.

This is ordinary deletion, many rows at once. An erasure that somebody asks for is proved, one by one (`storage.erasure`);
a visitor who waits for one is left to it, since it must read first what it is to search for.
"""

from datetime import timedelta

import structlog
from sqlalchemy import String, cast, delete, func, select
from sqlalchemy.orm import Session

from storage.postgres.models.erasure import Erasure, ErasureKind, ErasureState
from storage.postgres.models.sign_in_attempt import SignInAttempt
from storage.postgres.models.visitor import Visitor
from storage.postgres.session import owner_session
from storage.stores import Stores

log = structlog.get_logger(__name__)

# Under this prefix `sign_in_attempts` counts the visitors that an address made.
VISITOR_KEY = "visitor:"
_ADDRESSES_KEPT = timedelta(days=1)
_AT_ONCE = 200


def remove_expired(stores: Stores) -> int:
    """Remove visitors whose time is over, with their conversations, and counters of addresses that are a day old.

    Marts follow with their next build. In batches, each a transaction, so that nobody waits long for a row.

    Args:
        stores: The stores.

    Returns:
        How many visitors were removed.
    """
    removed = 0
    while True:
        with owner_session(stores.owner) as session:
            found = _remove_some(session)
        removed += found
        if found < _AT_ONCE:
            break
    with owner_session(stores.owner) as session:
        session.execute(
            delete(SignInAttempt).where(
                SignInAttempt.key.startswith(VISITOR_KEY, autoescape=True),
                SignInAttempt.window_started_at < func.now() - _ADDRESSES_KEPT,
            )
        )
    if removed:
        log.info("visitors_removed", count=removed)
    return removed


def _remove_some(session: Session) -> int:
    """One batch; conversations, messages, receipts and ratings go with their visitor."""
    waits_for_erasure = (
        select(Erasure.id)
        .where(
            Erasure.organization_id == Visitor.organization_id,
            Erasure.kind == ErasureKind.SUBJECT,
            Erasure.subject == cast(Visitor.id, String),
            Erasure.state.in_((ErasureState.REQUESTED, ErasureState.RUNNING)),
        )
        .exists()
    )
    ids = session.scalars(
        select(Visitor.id)
        .where(Visitor.expires_at < func.now(), ~waits_for_erasure)
        .order_by(Visitor.expires_at)
        .limit(_AT_ONCE)
        .with_for_update(skip_locked=True)
    ).all()
    session.execute(delete(Visitor).where(Visitor.id.in_(ids)).execution_options(synchronize_session=False))
    return len(ids)
