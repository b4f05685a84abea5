"""Takes in whole folders and files and waits until all are searchable or have failed: what `pixel ingest` runs."""

import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from pydantic import Field
from sqlalchemy import and_, func, select

from ingestion.errors import IntakeError
from ingestion.ingestions import start_ingestion
from ingestion.intake import KnownSources, accept, tombstone
from ingestion.pipeline import Outcome
from ingestion.settings import IngestSettings
from ingestion.sources.beside import apply_sidecar, pair
from ingestion.sources.folder import SourceFile, walk
from ingestion.staging import Accepted
from ingestion.worker import run_until_idle
from storage.errors import StorageError
from storage.postgres.models.base import JsonObject
from storage.postgres.models.chunk import Chunk
from storage.postgres.models.document import Document
from storage.postgres.models.document_version import DocumentVersion, VersionState
from storage.postgres.models.ingestion import Ingestion
from storage.postgres.session import organization_session
from storage.records.record import Record
from storage.stores import Stores

_FOLDER_FIELD = "source_folder"


class FileResult(Record):
    """What became of one file; these are the keys that `pixel ingest --json` prints."""

    path: str
    state: str
    reason: str | None = None
    document_id: uuid.UUID | None = None
    pages: int | None = None
    passages: int = 0
    seconds: float = 0.0


class IngestReport(Record):
    """Results per file, and the sum of them."""

    files: tuple[FileResult, ...]
    summary: dict[str, int | float | str | dict[str, int]] = Field(default_factory=dict)


OnFile = Callable[[FileResult], None]
OnStart = Callable[[uuid.UUID], None]


def ingest_paths(
    stores: Stores,
    paths: Sequence[Path],
    *,
    organization_id: uuid.UUID,
    knowledge_base_id: uuid.UUID,
    on_file: OnFile | None = None,
    on_start: OnStart | None = None,
    settings: IngestSettings | None = None,
) -> IngestReport:
    """Take in files and folders, work until all are done, and say what became of each.

    Files that vanished from a folder since it was last taken in are taken away.

    Args:
        stores: The stores.
        paths: Files and folders.
        organization_id: Whose documents.
        knowledge_base_id: Where they go.
        on_file: Called with each result as soon as it is known.
        on_start: Told which ingestion this is, before the first file is taken in; its progress can be watched.
        settings: Limits; the process's settings unless given.

    Raises:
        IntakeError: A path or the knowledge base does not exist.
    """
    started = time.monotonic()
    problems: list[OSError] = []
    found, beside = pair(source for path in paths for source in walk(path, on_problem=problems.append))
    known = KnownSources(
        stores, organization_id=organization_id, knowledge_base_id=knowledge_base_id, settings=settings
    )
    with organization_session(stores.app, organization_id) as session:
        ingestion_id = start_ingestion(
            session,
            organization_id=organization_id,
            knowledge_base_id=knowledge_base_id,
            name=", ".join(path.name or str(path) for path in paths),
            expected=len(found),
        )
    if on_start is not None:
        on_start(ingestion_id)
    run = _Run(stores, organization_id, on_file or (lambda result: None), known, ingestion_id)
    for source in found:
        run.give(source, knowledge_base_id, settings)
    run.count_unchanged()
    # When part of a folder could not be read, nobody knows what vanished.
    vanished = 0 if problems else _tombstone_vanished(stores, organization_id, knowledge_base_id, found)
    work = run_until_idle(stores, organization_id=organization_id, on_progress=run.finished, settings=settings)
    run.finish_all()
    run.describe(beside)
    results = tuple(run.results[source.path] for source in found) + tuple(map(_unreadable, problems))
    failed = Counter((result.reason or "").split(":")[0] for result in results if result.state == "failed")
    summary: dict[str, int | float | str | dict[str, int]] = {
        "files": len(results),
        "ready": sum(result.state == "ready" for result in results),
        "unchanged": sum(result.state == "unchanged" for result in results),
        "failed": dict(sorted(failed.items())),
        "vanished": vanished,
        "passages": sum(result.passages for result in results),
        "embeddings_computed": work.embeddings_computed,
        "ingestion_id": str(ingestion_id),
        "seconds": round(time.monotonic() - started, 3),
    }
    return IngestReport(files=results, summary=summary)


def _unreadable(problem: OSError) -> FileResult:
    reason = f"unreadable: the folder cannot be read ({problem.strerror}); give yourself permission to read it"
    return FileResult(path=str(problem.filename), state="failed", reason=reason)


class _Run:
    """Results of one call, as they become known."""

    def __init__(
        self,
        stores: Stores,
        organization_id: uuid.UUID,
        on_file: OnFile,
        known: KnownSources,
        ingestion_id: uuid.UUID,
    ) -> None:
        self._stores = stores
        self._organization_id = organization_id
        self._on_file = on_file
        self._known = known
        self._ingestion_id = ingestion_id
        self._skipped: list[tuple[SourceFile, uuid.UUID]] = []
        self._waiting: dict[uuid.UUID, list[SourceFile]] = {}
        self.results: dict[Path, FileResult] = {}

    def give(self, source: SourceFile, knowledge_base_id: uuid.UUID, settings: IngestSettings | None) -> None:
        """Take in one file; what goes wrong with it does not stop the others."""
        metadata: JsonObject = {_FOLDER_FIELD: str(source.folder)} if source.folder else {}
        try:
            same = self._known.unchanged(source.source_uri, source.path, custom_metadata=metadata)
            if same is not None:
                self._skipped.append((source, same.version_id))
                return
            accepted = accept(
                self._stores,
                organization_id=self._organization_id,
                knowledge_base_id=knowledge_base_id,
                source_uri=source.source_uri,
                name=source.name,
                data=source.path,
                custom_metadata=metadata,
                ingestion_id=self._ingestion_id,
                settings=settings,
            )
        except IntakeError:
            raise
        except (StorageError, OSError) as error:
            self._add(source, FileResult(path=str(source.path), state="failed", reason=f"unreadable: {error}"))
            return
        if accepted.state == "staged":
            self._waiting.setdefault(accepted.version_id, []).append(source)
        else:
            self._add(source, self._result(source, accepted.version_id, accepted))

    def count_unchanged(self) -> None:
        """Say once, for all of them, which files needed no work."""
        query = (
            select(DocumentVersion, func.count(Chunk.id).label("passages"))
            .outerjoin(
                Chunk,
                and_(Chunk.document_version_id == DocumentVersion.id, Chunk.chunking == DocumentVersion.chunking),
            )
            .where(DocumentVersion.id.in_([version_id for _, version_id in self._skipped]))
            .group_by(DocumentVersion.id)
        )
        with organization_session(self._stores.app, self._organization_id) as session:
            rows = {row.DocumentVersion.id: row for row in session.execute(query)} if self._skipped else {}
            ingestion = session.get_one(Ingestion, self._ingestion_id)
            ingestion.unchanged += len(self._skipped)
            ingestion.expected = None  # all are given now; what could not be read at all will not come
        for source, version_id in self._skipped:
            row = rows[version_id]
            self._add(source, _told(source, row.DocumentVersion, row.passages, is_unchanged=True))

    def finished(self, outcome: Outcome) -> None:
        """A job has ended."""
        for source in self._waiting.pop(outcome.version_id, []):
            self._add(source, self._result(source, outcome.version_id))

    def finish_all(self) -> None:
        """Look up what other workers did."""
        for version_id in list(self._waiting):
            for source in self._waiting.pop(version_id):
                self._add(source, self._result(source, version_id))

    def describe(self, beside: dict[Path, Path]) -> None:
        """Put on each document what lies beside its file; what cannot be used is said with the file's result."""
        for path, sidecar in beside.items():
            result = self.results[path]
            if result.document_id is None:
                continue
            problem = apply_sidecar(self._stores, self._organization_id, result.document_id, path=sidecar)
            if problem is not None:
                reason = f"{result.reason}; metadata: {problem}" if result.reason else f"metadata: {problem}"
                self.results[path] = result.model_copy(update={"reason": reason})

    def _add(self, source: SourceFile, result: FileResult) -> None:
        self.results[source.path] = result
        self._on_file(result)

    def _result(self, source: SourceFile, version_id: uuid.UUID, accepted: Accepted | None = None) -> FileResult:
        with organization_session(self._stores.app, self._organization_id) as session:
            version = session.get_one(DocumentVersion, version_id)
            cut = (Chunk.document_version_id == version_id, Chunk.chunking == version.chunking)
            passages = session.scalar(select(func.count()).where(*cut)) or 0
        is_unchanged = accepted is not None and accepted.state == "unchanged"
        return _told(source, version, passages, is_unchanged=is_unchanged)


def _told(source: SourceFile, version: DocumentVersion, passages: int, *, is_unchanged: bool) -> FileResult:
    reason = f"{version.failure_type}: {version.failure_reason}" if version.failure_type else version.failure_reason
    if reason is None and version.missing_pages:
        reason = f"pages without text: {', '.join(sorted(version.missing_pages, key=int))}"
    return FileResult(
        path=str(source.path),
        state="unchanged" if is_unchanged else version.state,
        reason=reason,
        document_id=version.document_id,
        pages=version.page_count,
        passages=passages if version.state == VersionState.READY else 0,
        seconds=0.0 if is_unchanged else version.seconds or 0.0,
    )


def _tombstone_vanished(
    stores: Stores, organization_id: uuid.UUID, knowledge_base_id: uuid.UUID, found: Iterable[SourceFile]
) -> int:
    """Take away documents of these folders whose files are gone.

    A folder in which nothing at all was found is left alone: more often it is a share that is not mounted.
    """
    folders: dict[Path, set[str]] = {}
    for source in found:
        if source.folder is not None:
            folders.setdefault(source.folder, set()).add(source.source_uri)
    gone: list[uuid.UUID] = []
    with organization_session(stores.app, organization_id) as session:
        for folder, seen in folders.items():
            rows = session.execute(
                select(Document.id, Document.source_uri).where(
                    Document.knowledge_base_id == knowledge_base_id,
                    Document.tombstoned_at.is_(None),
                    Document.custom_metadata[_FOLDER_FIELD].astext == str(folder),
                )
            )
            gone += [row.id for row in rows if row.source_uri not in seen]
    return sum(tombstone(stores, organization_id, document_id) for document_id in gone)
