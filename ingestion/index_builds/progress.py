"""How far a build is, written into the index version's row at least every two seconds while it runs."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import structlog
from pydantic import Field
from sqlalchemy import update
from sqlalchemy.exc import SQLAlchemyError

from ingestion.index_builds.filling import Filled
from storage.postgres.models.index_version import IndexVersion
from storage.postgres.session import organization_session
from storage.records.record import Record
from storage.stores import Stores

log = structlog.get_logger(__name__)

_TELL_EVERY_S = 1.0


class BuildProgress(Record):
    """How far a build is. `seconds_left` is None until something is done. `problems` by document version."""

    documents_done: int = 0
    documents_total: int = 0
    passages: int = 0
    documents_read: int = 0
    embeddings_computed: int = 0
    embeddings_reused: int = 0
    seconds: float = 0.0
    seconds_left: float | None = None
    problems: dict[str, str] = Field(default_factory=dict)

    @classmethod
    def of(cls, filled: Filled, *, total: int, before: int, seconds: float) -> "BuildProgress":
        """What was done so far.

        Args:
            filled: What this run did.
            total: Documents that the index must hold.
            before: Documents that it held when this run began.
            seconds: Since this run began.
        """
        done = filled.documents + len(filled.problems)
        left = max(0, total - before - done)
        problems = sorted((str(key), reason) for key, reason in filled.problems.items())
        return cls(
            documents_done=min(total, before + filled.documents),
            documents_total=total,
            passages=filled.passages,
            documents_read=filled.read,
            embeddings_computed=filled.embeddings_computed,
            embeddings_reused=filled.embeddings_reused,
            seconds=round(seconds, 2),
            seconds_left=round(seconds / done * left, 1) if done else None,
            problems=dict(problems),
        )


OnProgress = Callable[[BuildProgress], None]


@contextlib.contextmanager
def telling(
    stores: Stores, index: IndexVersion, look: Callable[[], BuildProgress], *, on_progress: OnProgress | None = None
) -> Iterator[Callable[[], None]]:
    """Write progress from a thread of its own while the block runs, so that a long document does not look like an end.

    Yields:
        What writes it at once.
    """
    ended = threading.Event()

    def tell() -> None:
        progress = look()
        with organization_session(stores.app, index.organization_id) as session:
            session.execute(
                update(IndexVersion)
                .where(IndexVersion.id == index.id)
                .values(progress={**progress.model_dump(mode="json"), "told_at": datetime.now(UTC).isoformat()})
            )
        if on_progress is not None:
            on_progress(progress)

    def tell_on() -> None:
        while not ended.wait(_TELL_EVERY_S):
            try:
                tell()
            except SQLAlchemyError as error:  # the build itself will say what is wrong
                log.warning("build_progress_untold", error=type(error).__name__)

    thread = threading.Thread(target=tell_on, name="build-progress", daemon=True)
    thread.start()
    try:
        yield tell
    finally:
        ended.set()
        thread.join()
