"""What an erasure stands for: the documents, versions and conversations behind the id that was named."""

import uuid
from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.orm import Session

from storage.erasure.errors import ErasureError
from storage.postgres.models.conversation import Conversation
from storage.postgres.models.document import Document
from storage.postgres.models.document_version import DocumentVersion
from storage.postgres.models.erasure import Erasure, ErasureKind
from storage.postgres.models.job import Job, JobState
from storage.postgres.models.visitor import Visitor
from storage.records.record import Record

# Under this name a channel keeps, in a conversation's `custom_metadata`, who outside wrote to the bot.
EXTERNAL_PERSON = "external_person"


class Targets(Record):
    """Ids of everything that goes. `is_visitor`: the person is a visitor, whom nobody knows and who may write anything."""

    document_ids: tuple[uuid.UUID, ...] = ()
    version_ids: tuple[uuid.UUID, ...] = ()
    conversation_ids: tuple[uuid.UUID, ...] = ()
    knowledge_base_id: uuid.UUID | None = None
    user_id: uuid.UUID | None = None
    is_visitor: bool = False


def halt(session: Session, erasure: Erasure) -> Targets:
    """Take everything away from readers and workers, and note in the ledger what it is.

    What was asked for covers what was there at that time: after a restore the same entry erases the same rows again, and
    a document given later under the same knowledge base stays.

    Args:
        session: A session of the owner.
        erasure: The ledger's row, of this session.

    Raises:
        ErasureError: The kind needs an id, and the subject is none.
    """
    targets = _resolve(session, erasure)
    session.execute(
        update(Document)
        .where(Document.id.in_(targets.document_ids), Document.tombstoned_at.is_(None))
        .values(tombstoned_at=func.now())
    )
    # A new epoch: a worker that is reading one of these versions may write nothing any more.
    session.execute(
        update(Job)
        .where(Job.organization_id == erasure.organization_id, Job.subject_id.in_(targets.version_ids))
        .where(Job.state.in_((JobState.QUEUED, JobState.LEASED)))
        .values(state=JobState.CANCELLED, epoch=Job.epoch + 1, finished_at=func.now())
    )
    erasure.targets = _together(Targets.model_validate(erasure.targets), targets).model_dump(mode="json")
    erasure.content_keys = sorted({*erasure.content_keys, *_content_keys(session, targets)})
    return Targets.model_validate(erasure.targets)


def _resolve(session: Session, erasure: Erasure) -> Targets:
    organization_id, until = erasure.organization_id, erasure.created_at
    user_id = base_id = None
    chosen: ColumnElement[bool]
    if erasure.kind == ErasureKind.SUBJECT:
        user_id = _uuid_or_none(erasure.subject)
        uploads = Document.created_by == user_id
        chosen = uploads if erasure.with_uploads and user_id is not None else Document.id.is_(None)
    elif erasure.kind == ErasureKind.KNOWLEDGE_BASE:
        base_id = _uuid(erasure)
        chosen = Document.knowledge_base_id == base_id
    else:
        chosen = Document.id == _uuid(erasure)
    documents = session.scalars(
        select(Document.id)
        .where(Document.organization_id == organization_id, Document.created_at <= until, chosen)
        .order_by(Document.id)
        .with_for_update()
    ).all()
    versions = session.scalars(
        select(DocumentVersion.id)
        .where(DocumentVersion.document_id.in_(documents), DocumentVersion.created_at <= until)
        .order_by(DocumentVersion.id)
    ).all()
    return Targets(
        document_ids=tuple(documents),
        version_ids=tuple(versions),
        conversation_ids=_conversations(session, erasure, until) if erasure.kind == ErasureKind.SUBJECT else (),
        knowledge_base_id=base_id,
        user_id=user_id,
        is_visitor=user_id is not None and _is_visitor(session, organization_id, user_id),
    )


def _is_visitor(session: Session, organization_id: uuid.UUID, person_id: uuid.UUID) -> bool:
    found = select(Visitor.id).where(Visitor.organization_id == organization_id, Visitor.id == person_id)
    return session.scalar(found) is not None


def _conversations(session: Session, erasure: Erasure, until: datetime) -> tuple[uuid.UUID, ...]:
    is_theirs: list[ColumnElement[bool]] = [Conversation.custom_metadata[EXTERNAL_PERSON].astext == erasure.subject]
    user_id = _uuid_or_none(erasure.subject)
    if user_id is not None:
        is_theirs += [Conversation.user_id == user_id, Conversation.visitor_id == user_id]
    found = session.scalars(
        select(Conversation.id)
        .where(Conversation.organization_id == erasure.organization_id, Conversation.created_at <= until)
        .where(or_(*is_theirs))
        .order_by(Conversation.id)
    )
    return tuple(found)


def _content_keys(session: Session, targets: Targets) -> set[str]:
    rows = session.execute(
        select(DocumentVersion.content_hash, DocumentVersion.text_key).where(
            DocumentVersion.id.in_(targets.version_ids)
        )
    )
    return {key for row in rows for key in row if key}


def _together(before: Targets, now: Targets) -> Targets:
    """After a restore the rows of an older time are found again; the ids of the first run stay in the ledger."""
    return now.model_copy(
        update={
            name: tuple(sorted({*getattr(before, name), *getattr(now, name)}))
            for name in ("document_ids", "version_ids", "conversation_ids")
        }
        | {"is_visitor": before.is_visitor or now.is_visitor}
    )


def _uuid(erasure: Erasure) -> uuid.UUID:
    found = _uuid_or_none(erasure.subject)
    if found is None:
        raise ErasureError(f"An erasure of a {erasure.kind} needs its id, not `{erasure.subject}`. Name it by its id.")
    return found


def _uuid_or_none(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
