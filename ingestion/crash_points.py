"""Named points of the ingest protocol, and of building an index, at which a test may kill the process, as a power cut would."""

import os
import signal

from ingestion.settings import crash_settings

CRASH_POINTS = (
    "after_file_stored",
    "after_staged",
    "after_leased",
    "after_parsed",
    "after_embedded",
    "after_chunks_committed",
    "after_vectors_deleted",
    "after_vectors_added",
    "after_fsync",
    "after_read_back",
    "after_flip",
    "after_vector_delete",
)

BUILD_CRASH_POINTS = (
    "after_batch_read",
    "after_batch_committed",
    "after_batch_indexed",
    "after_batch_noted",
)


_chosen = crash_settings().crash_at


def reach(name: str) -> None:
    """Say that the protocol got here. Does nothing unless `PIXEL_CRASH_AT` names this point."""
    if name == _chosen:
        os.kill(os.getpid(), signal.SIGKILL)
