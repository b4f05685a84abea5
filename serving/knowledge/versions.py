"""Versions of a document: what can be done with each, decisions about them, and what two of them say differently."""

import uuid
from collections.abc import Callable, Sequence

from anyio import to_thread
from sqlalchemy.ext.asyncio import AsyncSession

from ingestion import versions as decisions
from ingestion.errors import UnknownVersionError, VersionError
from serving.accounts.audit import record
from serving.accounts.principal import Actor
from serving.accounts.roles import Permission
from serving.context import ServingContext
from serving.knowledge import repository
from serving.knowledge.differences import Block, Change, blocks_of, changes_of, words_of
from serving.knowledge.errors import (
    DocumentNotFoundError,
    NothingToCompareError,
    VersionConflictError,
    VersionNotFoundError,
)
from serving.knowledge.schemas import DiffOut, PassageChangeOut, VersionAction, VersionDecided, VersionOut
from storage.postgres.models.document_version import VersionState
from storage.postgres.session import AnyRow, async_organization_session
from storage.stores import Stores

_MOST_FINDINGS = 100
_MOST_COMPARED = 5000
_MOST_LISTED = 200
_ACTIONS: dict[str, tuple[VersionAction, ...]] = {
    VersionState.STAGED: ("cancel",),
    VersionState.PROCESSING: ("cancel",),
    VersionState.SUPERSEDED: ("make-current",),
    VersionState.HELD: ("make-current", "discard"),
    VersionState.CANCELLED: ("resume",),
}


async def list_versions(session: AsyncSession, actor: Actor, document_id: uuid.UUID) -> list[VersionOut]:
    """Versions of a document, newest first, with what the actor can do with each."""
    return [_version_out(row, actor) for row in await _versions(session, document_id)]


async def decide(
    context: ServingContext, actor: Actor, document_id: uuid.UUID, version_id: uuid.UUID, *, action: VersionAction
) -> VersionDecided:
    """Carry out a decision about a version.

    Raises:
        DocumentNotFoundError: Unknown here.
        VersionNotFoundError: No version of this document.
        VersionConflictError: Its state does not allow it; the message says what does.
    """
    async with async_organization_session(context.engine, actor.organization_id) as session:
        if version_id not in {row.id for row in await _versions(session, document_id)}:
            raise VersionNotFoundError
    carry_out = _DECISIONS[action]
    try:
        state = await to_thread.run_sync(carry_out, context.stores, actor.organization_id, version_id)
    except UnknownVersionError as error:
        raise VersionNotFoundError from error
    except VersionError as error:
        raise VersionConflictError(str(error)) from error
    async with async_organization_session(context.engine, actor.organization_id) as session:
        record(
            session,
            actor,
            f"document_version.{action.replace('-', '_')}",
            subject_type="document_version",
            subject_id=version_id,
            details={"document_id": str(document_id), "state": state},
        )
    return VersionDecided(document_id=document_id, version_id=version_id, state=state)


async def diff(
    session: AsyncSession, document_id: uuid.UUID, *, from_version: str | None, to_version: str | None
) -> DiffOut:
    """What two versions of a document say differently.

    Args:
        session: A session of the organization.
        document_id: The document.
        from_version: Id or number of the older one; unless given, the one that was read before the newer one.
        to_version: Id or number of the newer one; the current one unless given.

    Raises:
        DocumentNotFoundError: Unknown here.
        VersionNotFoundError: No version of this document.
        NothingToCompareError: There is no other version that was read.
    """
    rows = await _versions(session, document_id)
    current: AnyRow | None = next((row for row in rows if row.is_current), None)
    to = _named(rows, to_version) if to_version else current
    if to is None:
        raise NothingToCompareError("No version of this document is current; say which two to compare.")
    older: AnyRow | None = next(
        (row for row in rows if row.number < to.number and row.expected_count is not None), None
    )
    since = _named(rows, from_version) if from_version else older
    if since is None:
        raise NothingToCompareError(f"No version before version {to.number} was read; say which one to compare with.")
    for row in (since, to):
        if row.expected_count is None:
            raise NothingToCompareError(f"Version {row.number} is {row.state} and was never read; choose another one.")
    # Passages can be compared that were cut the same way; where no cut is common, each version stands as it was read.
    common = await repository.common_chunking(session, since.id, to.id)
    cuts = (common or since.chunking, common or to.chunking)
    before = await repository.passage_places(session, since.id, chunking=cuts[0], limit=_MOST_COMPARED)
    after = await repository.passage_places(session, to.id, chunking=cuts[1], limit=_MOST_COMPARED)
    is_cut = max(len(before), len(after)) >= _MOST_COMPARED
    blocks, same = await to_thread.run_sync(
        blocks_of, [row.text_hash for row in before], [row.text_hash for row in after]
    )
    shown = _shown(blocks)
    old = await _texts(
        session, since.id, cuts[0], before, [n for b in shown for n in range(b.before_start, b.before_end)]
    )
    new = await _texts(session, to.id, cuts[1], after, [n for b in shown for n in range(b.after_start, b.after_end)])

    def compare() -> tuple[list[Change], list[PassageChangeOut]]:
        found = [change for block in shown for change in changes_of(block, old, new)]
        return found, [_change_out(change, before, after, old=old, new=new) for change in found]

    changes, listed = await to_thread.run_sync(compare)
    hidden_before = sum(b.before_end - b.before_start for b in blocks) - len(old)
    hidden_after = sum(b.after_end - b.after_start for b in blocks) - len(new)
    return DiffOut(
        document_id=document_id,
        from_version=since.number,
        to_version=to.number,
        same=same,
        removed=sum(change.kind == "removed" for change in changes) + hidden_before,
        added=sum(change.kind == "added" for change in changes) + hidden_after,
        changed=sum(change.kind == "changed" for change in changes),
        changes=listed,
        is_truncated=is_cut or bool(hidden_before or hidden_after),
    )


async def _versions(session: AsyncSession, document_id: uuid.UUID) -> Sequence[AnyRow]:
    rows = await repository.versions(session, document_id)
    if not rows:
        raise DocumentNotFoundError
    return rows


async def _texts(
    session: AsyncSession, version_id: uuid.UUID, chunking: str, places: Sequence[AnyRow], positions: list[int]
) -> dict[int, str]:
    ordinals = {places[position].ordinal: position for position in positions}
    found = await repository.passage_texts(session, version_id, list(ordinals), chunking=chunking)
    return {position: found[ordinal] for ordinal, position in ordinals.items()}


def _named(rows: Sequence[AnyRow], reference: str) -> AnyRow:
    for row in rows:
        if reference in (str(row.id), str(row.number)):
            return row
    raise VersionNotFoundError(f"This document has no version {reference[:50]!r}; give one's number or id.")


def _shown(blocks: list[Block]) -> list[Block]:
    """As many blocks as are listed; one that is larger than what is left is cut."""
    shown, left = [], _MOST_LISTED
    for block in blocks:
        if left <= 0:
            break
        if block.size > left:
            before_end = min(block.before_end, block.before_start + left // 2)
            after_end = min(block.after_end, block.after_start + left - (before_end - block.before_start))
            shown.append(Block(block.before_start, before_end, block.after_start, after_end))
            break
        shown.append(block)
        left -= block.size
    return shown


def _change_out(
    change: Change,
    before: Sequence[AnyRow],
    after: Sequence[AnyRow],
    *,
    old: dict[int, str],
    new: dict[int, str],
) -> PassageChangeOut:
    was = old[change.before] if change.before is not None else None
    becomes = new[change.after] if change.after is not None else None
    place = after[change.after] if change.after is not None else before[change.before or 0]
    return PassageChangeOut(
        kind=change.kind,
        heading_path=place.heading_path,
        page=place.page_start,
        before=was,
        after=becomes,
        words=words_of(was, becomes) if was is not None and becomes is not None else [],
    )


def _version_out(row: AnyRow, actor: Actor) -> VersionOut:
    fields = dict(row._mapping)
    findings = fields.pop("findings") or []
    return VersionOut(
        **{name: fields[name] for name in VersionOut.model_fields if name in fields},
        quality_score=(row.quality or {}).get("score"),
        findings=findings[:_MOST_FINDINGS],
        findings_count=len(findings),
        flags=sorted({str(finding["kind"]) for finding in findings}),
        actions=list(_ACTIONS.get(row.state, ())) if actor.may(Permission.WRITE_KNOWLEDGE) else [],
    )


def _make_current(stores: Stores, organization_id: uuid.UUID, version_id: uuid.UUID) -> str:
    return decisions.make_current(stores, organization_id, version_id).state


def _discard(stores: Stores, organization_id: uuid.UUID, version_id: uuid.UUID) -> str:
    decisions.discard(stores, organization_id, version_id)
    return VersionState.SUPERSEDED.value


def _cancel(stores: Stores, organization_id: uuid.UUID, version_id: uuid.UUID) -> str:
    if not decisions.cancel(stores, organization_id, version_id):
        raise VersionError("The version is not waiting and not being read, so there is nothing to cancel.")
    return VersionState.CANCELLED.value


def _resume(stores: Stores, organization_id: uuid.UUID, version_id: uuid.UUID) -> str:
    return decisions.resume(stores, organization_id, version_id).state


_DECISIONS: dict[VersionAction, Callable[[Stores, uuid.UUID, uuid.UUID], str]] = {
    "make-current": _make_current,
    "discard": _discard,
    "cancel": _cancel,
    "resume": _resume,
}
