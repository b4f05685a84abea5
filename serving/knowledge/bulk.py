"""What is done with many documents at once: all of it, or nothing."""

import uuid
from collections.abc import Callable, Sequence
from typing import TypeVar

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from ingestion import intake, relocation
from ingestion.versions import read_again
from serving.accounts.audit import record
from serving.accounts.principal import Actor
from serving.knowledge.bases import open_knowledge_base
from serving.knowledge.bulk_schemas import (
    BulkCreate,
    BulkOut,
    DeleteAction,
    GroupsAction,
    MetadataAction,
    RelocationCreate,
    RelocationOut,
    TagsAction,
    details_of,
)
from serving.knowledge.errors import NameClashError, NotReadError
from serving.knowledge.metadata import merged
from serving.knowledge.restrictions import restrict
from serving.knowledge.selection import named, passing
from storage.postgres.models.document import Document

Result = TypeVar("Result")

_NAMED = 20


async def move(session: AsyncSession, actor: Actor, body: RelocationCreate) -> RelocationOut:
    """Move documents to a knowledge base.

    Raises:
        KnowledgeBaseNotFoundError: The target is unknown here.
        DocumentNotFoundError: A document is unknown here.
        NameClashError: Some are there already; nothing was moved.
    """
    rows = await _chosen(session, body)
    await _told(session, lambda sync: relocation.move_documents(sync, rows, body.knowledge_base_id))
    _record(session, actor, "document.moved", rows, {"knowledge_base_id": str(body.knowledge_base_id)})
    return RelocationOut(knowledge_base_id=body.knowledge_base_id, document_ids=[row.id for row in rows])


async def copy(session: AsyncSession, actor: Actor, body: RelocationCreate) -> RelocationOut:
    """Copy documents to a knowledge base; the copies are searchable when a worker has indexed them, in seconds.

    Raises:
        KnowledgeBaseNotFoundError: The target is unknown here.
        DocumentNotFoundError: A document is unknown here.
        NameClashError: Some are there already; nothing was copied.
        NotReadError: Some have no version that was read; nothing was copied.
    """
    rows = await _chosen(session, body)
    copies = await _told(
        session,
        lambda sync: relocation.copy_documents(sync, rows, body.knowledge_base_id, created_by=actor.user_id),
    )
    _record(session, actor, "document.copied", copies, {"knowledge_base_id": str(body.knowledge_base_id)})
    return RelocationOut(knowledge_base_id=body.knowledge_base_id, document_ids=[row.id for row in copies])


async def change(session: AsyncSession, actor: Actor, body: BulkCreate) -> BulkOut:
    """Do one thing with many documents, in one transaction.

    Raises:
        DocumentNotFoundError: A document that is named is unknown here.
        TooManyDocumentsError: More pass the filter than one request may change.
        MetadataError: The metadata of one of them cannot be kept so.
        GroupsNotAllowedError: The actor is not in all of the groups.
    """
    if body.document_ids is not None:
        rows = await named(session, body.document_ids)
    else:
        assert body.knowledge_base_id is not None and body.filter is not None  # noqa: PT018, S101 - checked by its shape
        rows = await passing(session, body.knowledge_base_id, body.filter)
    changed = len(rows)
    if not body.is_dry_run:
        changed = await _change(session, actor, rows, body)
        _record(session, actor, "document.changed", rows, details_of(body.action))
    names = sorted(row.name for row in rows)[:_NAMED]
    return BulkOut(documents=len(rows), changed=changed, is_dry_run=body.is_dry_run, names=names)


async def _change(session: AsyncSession, actor: Actor, rows: Sequence[Document], body: BulkCreate) -> int:
    action = body.action
    if isinstance(action, GroupsAction):
        await restrict(session, actor, rows, action.group_ids)
    elif isinstance(action, DeleteAction):
        await session.run_sync(lambda sync: intake.take_away_all(sync, rows))
    elif isinstance(action, TagsAction):
        return _tag(rows, action)
    elif isinstance(action, MetadataAction):
        for row in rows:
            row.custom_metadata = merged(row.custom_metadata, action.custom_metadata)
    else:
        return await session.run_sync(read_again, rows)
    await session.flush()
    return len(rows)


def _tag(rows: Sequence[Document], action: TagsAction) -> int:
    changed = 0
    for row in rows:
        tags = [tag for tag in dict.fromkeys([*row.tags, *action.add]) if tag not in action.remove]
        if tags != row.tags:
            row.tags = tags
            changed += 1
    return changed


async def _chosen(session: AsyncSession, body: RelocationCreate) -> list[Document]:
    await open_knowledge_base(session, body.knowledge_base_id)
    return await named(session, body.document_ids)


async def _told(session: AsyncSession, act: Callable[[Session], Result]) -> Result:
    try:
        return await session.run_sync(act)
    except relocation.NameClashError as error:
        raise NameClashError(str(error), names=list(error.names)) from error
    except relocation.NotReadError as error:
        raise NotReadError(str(error), names=list(error.names)) from error
    except IntegrityError as error:
        # Of a document that the actor may not read, or that came at the same moment.
        raise NameClashError("A document of the same source is there already that you may not replace.") from error


def _record(
    session: AsyncSession, actor: Actor, action: str, rows: Sequence[Document], details: dict[str, object]
) -> None:
    batch = str(uuid.uuid4())  # what was done together can be found together
    for row in rows:
        record(session, actor, action, subject_type="document", subject_id=row.id, details={**details, "batch": batch})
