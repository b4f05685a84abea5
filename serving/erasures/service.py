"""Erasures of an organization. The API enters them into the ledger; a worker carries them out."""

import uuid
from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from ingestion.erasing import request_erasure
from serving.accounts.audit import record
from serving.accounts.principal import Actor
from serving.erasures import repository
from serving.erasures.errors import ErasureNotFoundError, ErasureRequestError, ErasureSubjectNotFoundError
from serving.erasures.schemas import ErasureCreate
from storage.postgres.models.erasure import Erasure, ErasureKind


async def list_erasures(session: AsyncSession, *, limit: int, offset: int) -> Sequence[Erasure]:
    """The ledger of the organization, newest first."""
    return await repository.erasures(session, limit=limit, offset=offset)


async def get_erasure(session: AsyncSession, erasure_id: uuid.UUID) -> Erasure:
    """One erasure."""
    found = await repository.erasure(session, erasure_id)
    if found is None:
        raise ErasureNotFoundError
    return found


async def ask_for_erasure(session: AsyncSession, actor: Actor, body: ErasureCreate) -> Erasure:
    """Enter an erasure; one that waits already is not entered twice.

    Args:
        session: A session of the organization.
        actor: Who asks.
        body: What to erase.

    Raises:
        ErasureRequestError: The subject is no id, or uploads are asked for that nobody gave.
        ErasureSubjectNotFoundError: Unknown here.
    """
    subject = body.subject
    if body.kind != ErasureKind.SUBJECT:
        if body.with_uploads:
            raise ErasureRequestError("`with_uploads` goes with the kind `subject` only.")
        subject = str(_id(body))
        if not await repository.is_here(session, body.kind, uuid.UUID(subject)):
            raise ErasureSubjectNotFoundError
    row: Erasure = await session.run_sync(
        lambda sync: request_erasure(
            sync,
            actor.organization_id,
            kind=body.kind,
            subject=subject,
            with_uploads=body.with_uploads,
            requested_by=actor.user_id,
        )
    )
    await session.flush()
    details = {"kind": row.kind, "with_uploads": row.with_uploads}
    record(session, actor, "erasure.requested", subject_type="erasure", subject_id=row.id, details=details)
    await session.refresh(row)
    return row


def _id(body: ErasureCreate) -> uuid.UUID:
    try:
        return uuid.UUID(body.subject)
    except ValueError as error:
        raise ErasureRequestError(f"An erasure of the kind `{body.kind}` names its subject by id.") from error
