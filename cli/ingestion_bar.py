"""The bar of an ingestion in a terminal: documents, pages, and about how long it still takes."""

import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from sqlalchemy.exc import SQLAlchemyError

from ingestion.ingestions import IngestionNotFoundError, IngestionProgress, ingestion_progress
from storage.stores import Stores

_LOOK_EVERY_S = 0.5


@contextmanager
def watched(stores: Stores, organization_id: uuid.UUID, *, is_shown: bool) -> Iterator[Callable[[uuid.UUID], None]]:
    """Show an ingestion's progress while the block runs.

    Yields:
        What is to be told which ingestion it is.
    """
    if not is_shown:
        yield lambda ingestion_id: None
        return
    stop = threading.Event()
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[told]}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("reading", total=None, told="")
        threads: list[threading.Thread] = []

        def watch(ingestion_id: uuid.UUID) -> None:
            def look() -> None:
                while not stop.wait(_LOOK_EVERY_S):
                    try:
                        now = ingestion_progress(stores, organization_id, ingestion_id)
                    except (SQLAlchemyError, IngestionNotFoundError):
                        continue  # the bar stands still; whoever reads will say what is wrong
                    bar.update(task, total=now.documents_total, completed=now.documents_done, told=told(now))

            threads.append(threading.Thread(target=look, name="ingestion-bar", daemon=True))
            threads[-1].start()

        try:
            yield watch
        finally:
            stop.set()
            for thread in threads:
                thread.join()


def told(progress: IngestionProgress) -> str:
    """For example `12/40 documents, 310/900 pages, 640/2100 passages of long documents, about 25 s left`."""
    parts = [f"{progress.documents_done}/{progress.documents_total} documents"]
    if progress.pages_total:
        parts.append(f"{progress.pages_done}/{progress.pages_total} pages")
    if progress.passages_total:
        parts.append(f"{progress.passages_done}/{progress.passages_total} passages of long documents")
    if failed := sum(progress.failed.values()):
        parts.append(f"{failed} not readable")
    if progress.seconds_left is not None:
        left = progress.seconds_left
        parts.append(f"about {left / 60:.0f} min left" if left >= 120 else f"about {left:.0f} s left")
    return ", ".join(parts)
