"""The ledger of erasures as JSON lines: what a restore reads so that nothing erased comes back."""

import os
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from pydantic import Field, ValidationError
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from storage.erasure.errors import ErasureError
from storage.erasure.evidence import evidence_folder
from storage.postgres.models.erasure import Erasure, ErasureKind, ErasureState
from storage.postgres.models.organization import Organization
from storage.postgres.models.user import User
from storage.postgres.session import owner_session
from storage.records.record import Record
from storage.settings import StorageSettings
from storage.stores import Stores

LEDGER_NAME = "ledger.jsonl"


class LedgerEntry(Record):
    """One erasure, as a line; ids and keys only."""

    id: UUID
    organization_id: UUID
    kind: ErasureKind
    subject: str
    with_uploads: bool = False
    state: ErasureState
    targets: dict[str, Any] = Field(default_factory=dict)
    content_keys: tuple[str, ...] = ()
    touched: dict[str, int] = Field(default_factory=dict)
    proof: dict[str, Any] | None = None
    requested_by: UUID | None = None
    created_at: datetime
    completed_at: datetime | None = None


def ledger_file(settings: StorageSettings) -> Path:
    """The copy of the ledger that lies beside the database, for a restore that has lost it."""
    return evidence_folder(settings) / LEDGER_NAME


def entries(session: Session) -> list[LedgerEntry]:
    """The whole ledger, oldest first; the session is the owner's."""
    rows = session.scalars(select(Erasure).order_by(Erasure.created_at, Erasure.id))
    return [LedgerEntry.model_validate(row, from_attributes=True) for row in rows]


def write_entries(path: Path, lines: Iterable[LedgerEntry]) -> None:
    """Write a ledger file whole or not at all, durably."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = path.with_suffix(".new")
    with unfinished.open("w", encoding="utf-8") as handle:
        handle.writelines(f"{entry.model_dump_json()}\n" for entry in lines)
        handle.flush()
        os.fsync(handle.fileno())
    unfinished.replace(path)


def read_entries(path: Path) -> list[LedgerEntry]:
    """Entries of a ledger file.

    Raises:
        ErasureError: A line is no entry; a ledger that cannot be read must not be taken for an empty one.
    """
    found = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            found.append(LedgerEntry.model_validate_json(line))
        except ValidationError as error:
            raise ErasureError(
                f"Line {number} of the erasure ledger {path} is no entry: {error.errors()[0]['msg']}. "
                "Give the file that `pixel erase` or `pixel backup` wrote."
            ) from error
    return found


def export(stores: Stores) -> Path:
    """Bring the copy beside the database up to date."""
    path = ledger_file(stores.settings)
    with owner_session(stores.owner) as session:
        write_entries(path, entries(session))
    return path


def take_up(session: Session, lines: Iterable[LedgerEntry]) -> list[UUID]:
    """Enter what the database's ledger lacks, and open every entry again, so that each is carried out anew.

    Entries of organizations that the database does not have are left out: there is nothing of them to erase.

    Returns:
        Ids of all entries of the ledger, oldest first.
    """
    known = set(session.scalars(select(Organization.id)))
    users = set(session.scalars(select(User.id)))
    for entry in lines:
        if entry.organization_id not in known:
            continue
        values = entry.model_dump(mode="python") | {
            "kind": entry.kind.value,
            "state": entry.state.value,
            "content_keys": list(entry.content_keys),
            "requested_by": entry.requested_by if entry.requested_by in users else None,
        }
        session.execute(insert(Erasure).values(values).on_conflict_do_nothing(index_elements=["id"]))
    session.flush()
    rows = session.scalars(select(Erasure).order_by(Erasure.created_at, Erasure.id)).all()
    for row in rows:
        row.step, row.state = None, ErasureState.REQUESTED
    return [row.id for row in rows]
