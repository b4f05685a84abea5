"""Takes in what is new or changed at a source, and takes away what vanished there."""

import contextlib
import threading
import uuid
from collections import Counter
from collections.abc import Iterator
from typing import Any

import structlog
from pydantic import ValidationError
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ingestion import leased_jobs, leases
from ingestion.errors import FetchError, IngestionError
from ingestion.intake import accept, tombstone
from ingestion.leases import Lease
from ingestion.pipeline_version import pipeline_version
from ingestion.settings import IngestSettings, ingest_settings
from ingestion.sources.registry import open_source
from ingestion.sources.sidecar import Sidecar, read_sidecar
from ingestion.sources.source import Source, SourceItem
from storage.errors import StorageError
from storage.postgres.models.base import JsonObject
from storage.postgres.models.document import Document
from storage.postgres.models.document_version import DocumentVersion, VersionState
from storage.postgres.models.source import SYNC_JOB
from storage.postgres.models.source import Source as SourceRow
from storage.postgres.session import organization_session
from storage.stores import Stores

log = structlog.get_logger(__name__)

_MOST_PROBLEMS = 20
_SETTLED = (VersionState.READY, VersionState.STAGED, VersionState.PROCESSING)


def sync_source(
    stores: Stores,
    organization_id: uuid.UUID,
    source_id: uuid.UUID,
    *,
    source: Source | None = None,
    settings: IngestSettings | None = None,
    lease: Lease | None = None,
) -> JsonObject:
    """Read a source once. What it accepts waits for a worker; what goes wrong with one item does not stop the others.

    Documents that vanished are taken away, but only when everything could be listed and there was something.

    Args:
        stores: The stores.
        organization_id: Whose source.
        source_id: Which one.
        source: Reads it; made from the row unless given.
        settings: Limits; the process's settings unless given.
        lease: Nothing is taken away any more once another worker has the job.

    Returns:
        Counts of `staged`, `unchanged`, `failed` and `vanished`, and the first `problems`; kept as `last_result` too.

    Raises:
        IngestionError: There is no such source.
    """
    with organization_session(stores.app, organization_id) as session:
        row = session.get(SourceRow, source_id)
    if row is None:
        raise IngestionError(f"There is no source {source_id}. List the sources and choose one of them.")
    run = _Sync(stores, row, settings or ingest_settings())
    run.work(source, lease)
    with organization_session(stores.app, organization_id) as session:
        kept = session.get(SourceRow, source_id)
        if kept is not None:
            kept.last_run_at, kept.last_result = func.now(), run.result
    return run.result


class _Sync:
    """One run."""

    def __init__(self, stores: Stores, row: SourceRow, settings: IngestSettings) -> None:
        self._stores = stores
        self._row = row
        self._organization_id = row.organization_id
        self._settings = settings
        self._counts: Counter[str] = Counter()
        self._problems: list[str] = []
        self._here: set[str] = set()
        self._gone: set[str] = set()

    @property
    def result(self) -> JsonObject:
        """What this run found."""
        names = ("staged", "unchanged", "failed", "vanished")
        counts: dict[str, Any] = {name: self._counts[name] for name in names}
        return {**counts, "problems": self._problems[:_MOST_PROBLEMS]}

    def work(self, source: Source | None, lease: Lease | None) -> None:
        """Read everything."""
        try:
            reader = source or open_source(self._row.kind, self._row.settings)
            for item in reader.items():
                self._take(reader, item)
            is_complete = True
        except (IngestionError, ValidationError, OSError) as error:
            self._problem(str(error))
            is_complete = False
        # Where nothing at all is found, more often a share is not mounted or a site is down.
        if is_complete and self._here:
            if lease is not None:
                with organization_session(self._stores.app, self._organization_id) as session:
                    leases.check_fence(session, lease)
            self._take_away()

    def _problem(self, text: str) -> None:
        self._problems.append(text[:500])

    def _take(self, reader: Source, item: SourceItem) -> None:
        with organization_session(self._stores.app, self._organization_id) as session:
            stored = self._stored(session, item)
        try:
            content = reader.fetch(item, stored)
            state = None
            if content is not None:
                accepted = accept(
                    self._stores,
                    organization_id=self._organization_id,
                    knowledge_base_id=self._row.knowledge_base_id,
                    source_uri=item.uri,
                    name=item.name,
                    data=content.data,
                    declared_type=content.declared_type or item.declared_type,
                    created_by=self._row.created_by,
                    settings=self._settings,
                )
                self._counts[accepted.state] += 1
                if accepted.failure_reason is not None:
                    self._problem(f"{item.name}: {accepted.failure_reason}")
                state = {**content.state, "pipeline_version": pipeline_version(self._settings)}
            else:
                self._counts["unchanged"] += 1
        except (IngestionError, StorageError, OSError) as error:
            self._counts["failed"] += 1
            self._problem(f"{item.name}: {error}")
            if isinstance(error, FetchError) and error.is_gone:
                self._gone.add(item.uri)
            else:
                self._here.add(item.uri)
            return
        self._here.add(item.uri)
        self._remember(reader, item, state)

    def _stored(self, session: Session, item: SourceItem) -> JsonObject:
        """What was remembered, where it still means that there is nothing to do."""
        row = session.execute(
            select(Document.source_state, DocumentVersion.state, DocumentVersion.pipeline_version)
            .join(DocumentVersion, DocumentVersion.document_id == Document.id)
            .where(
                Document.knowledge_base_id == self._row.knowledge_base_id,
                Document.source_uri == item.uri,
                Document.source_id == self._row.id,
                Document.tombstoned_at.is_(None),
            )
            .order_by(DocumentVersion.number.desc())
            .limit(1)
        ).one_or_none()
        now = pipeline_version(self._settings)
        if row is None or row.state not in _SETTLED or row.pipeline_version != now:
            return {}
        return dict(row.source_state) if row.source_state.get("pipeline_version") == now else {}

    def _remember(self, reader: Source, item: SourceItem, state: JsonObject | None) -> None:
        with organization_session(self._stores.app, self._organization_id) as session:
            document = session.scalars(
                select(Document)
                .where(Document.knowledge_base_id == self._row.knowledge_base_id, Document.source_uri == item.uri)
                .with_for_update()
            ).one()
            before = dict(document.source_state)
            kept = {name: before[name] for name in ("sidecar", "sidecar_fields") if name in before}
            document.source_id = self._row.id
            document.source_state = {**(before if state is None else state), **kept}
            if item.sidecar_modified != kept.get("sidecar"):
                self._apply(reader, item, document)

    def _apply(self, reader: Source, item: SourceItem, document: Document) -> None:
        """Give the document what the file beside it says; a bad file changes nothing."""
        sidecar = Sidecar()
        if item.sidecar is not None:
            try:
                sidecar = read_sidecar(reader.sidecar(item.sidecar), item.sidecar.rsplit("/", 1)[-1])
            except (ValueError, FetchError) as error:
                self._problem(f"{item.name}: its metadata is not used: {error}")
                return
        earlier = document.source_state.get("sidecar_fields", [])
        stays = {name: value for name, value in document.custom_metadata.items() if name not in earlier}
        document.custom_metadata = {**stays, **sidecar.fields}
        if sidecar.tags is not None:
            document.tags = list(dict.fromkeys(sidecar.tags))
        remembered = {"sidecar": item.sidecar_modified, "sidecar_fields": sorted(sidecar.fields)}
        document.source_state = {**document.source_state, **remembered}

    def _take_away(self) -> None:
        with organization_session(self._stores.app, self._organization_id) as session:
            rows = session.execute(
                select(Document.id, Document.source_uri).where(
                    Document.source_id == self._row.id, Document.tombstoned_at.is_(None)
                )
            ).all()
        gone = [row.id for row in rows if row.source_uri not in self._here]
        self._counts["vanished"] = sum(tombstone(self._stores, self._organization_id, found) for found in gone)


def run_next(stores: Stores, worker: str, *, settings: IngestSettings) -> bool:
    """Run one waiting job of a source, if there is one.

    Returns:
        Whether there was one.
    """

    def run(lease: Lease) -> None:
        sync_source(stores, lease.organization_id, lease.version_id, settings=settings, lease=lease)

    return leased_jobs.run_next(stores, worker, kind=SYNC_JOB, run=run, settings=settings)


@contextlib.contextmanager
def syncing(stores: Stores, stop: threading.Event, *, settings: IngestSettings) -> Iterator[None]:
    """Run jobs of sources in a thread of their own while the block runs, so that no upload waits for a slow site."""
    pause_s = max(1.0, settings.poll_seconds)
    with leased_jobs.working(
        "source-sync", lambda name: run_next(stores, name, settings=settings), stop, pause_s=pause_s
    ):
        yield
