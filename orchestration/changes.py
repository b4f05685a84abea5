"""What sensors look at: waiting uploads, files of a folder, changes of the application's tables."""

import hashlib
import uuid
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import bindparam, text

from ingestion.outbox import FAILED, READY, STAGED
from ingestion.staging import INGEST_JOB
from storage.postgres.session import AnyRow, owner_session
from storage.stores import Stores

WAITING_S = 10
_SETTLED_S = 2.0

_WAITING = text(
    """
    select id, epoch from jobs
    where kind = :kind and (
        (state = 'queued' and run_after < now() - make_interval(secs => :seconds))
        or (state = 'leased' and lease_until < now() - make_interval(secs => :seconds))
    )
    order by run_after, id limit 1
    """
)
# The tables that the warehouse reads and that change while people work. Postgres counts their changes anyway, so
# nothing has to be scanned; a crash resets the counters, which looks like a change and costs one refresh.
_COUNTERS = text(
    """
    select coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0)::text from pg_stat_user_tables
    where schemaname = 'public' and relname in (
        'chatbot_versions', 'chatbots', 'conversations', 'documents', 'document_versions', 'eval_scores', 'feedback',
        'index_versions', 'knowledge_bases', 'members', 'messages', 'organizations', 'receipts', 'receipt_passages',
        'usage'
    )
    """
)
_EVENTS = text("select id from outbox where state = 'pending' and topic in :topics order by run_after limit 1000")
_DELIVER = text(
    "update outbox set state = 'delivered', delivered_at = now(), attempts = attempts + 1 "
    "where id in :ids and state = 'pending'"
)


def waiting_upload(stores: Stores) -> AnyRow | None:
    """The job (id, epoch) that has waited longest without a worker, None when every job is looked after."""
    with owner_session(stores.owner) as session:
        return session.execute(_WAITING, {"kind": INGEST_JOB, "seconds": WAITING_S}).one_or_none()


def folder_digest(folder: Path, *, now: float) -> str | None:
    """A digest of path, size and time of change of every file.

    Args:
        folder: The folder; None is returned when it is missing or empty.
        now: Seconds since the epoch; a file that changed in the last two seconds may still be being written, and
            None is returned then as well.
    """
    digest, found = hashlib.sha256(), False
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(".")):
        try:
            state = path.stat()
        except FileNotFoundError:
            return None  # going away as we look: look again next time
        if now - state.st_mtime < _SETTLED_S:
            return None
        found = True
        line = f"{path.relative_to(folder)}\0{state.st_size}\0{state.st_mtime_ns}\n"
        digest.update(line.encode(errors="surrogateescape"))
    return digest.hexdigest() if found else None


def change_counters(stores: Stores) -> str:
    """A value that changes when a table behind the warehouse does."""
    with owner_session(stores.owner) as session:
        return str(session.scalar(_COUNTERS))


def pending_events(stores: Stores) -> list[uuid.UUID]:
    """Events of finished documents that nobody has taken yet."""
    statement = _EVENTS.bindparams(bindparam("topics", expanding=True))
    with owner_session(stores.owner) as session:
        return list(session.scalars(statement, {"topics": [STAGED, READY, FAILED]}))


def mark_delivered(stores: Stores, event_ids: Sequence[uuid.UUID]) -> None:
    """The refresh that these events ask for is on its way."""
    if not event_ids:
        return
    with owner_session(stores.owner) as session:
        session.execute(_DELIVER.bindparams(bindparam("ids", expanding=True)), {"ids": list(event_ids)})
