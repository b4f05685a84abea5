"""Metadata that lies beside files which are taken in once, by `pixel ingest`; sources do the same for what they read."""

import uuid
from collections.abc import Iterable
from pathlib import Path

from ingestion.sources.folder import SourceFile
from ingestion.sources.sidecar import MOST_BYTES, SUFFIXES, read_sidecar
from storage.postgres.models.document import Document
from storage.postgres.session import organization_session
from storage.stores import Stores


def pair(found: Iterable[SourceFile]) -> tuple[list[SourceFile], dict[Path, Path]]:
    """Documents without the files of metadata beside them, and for each document that has one its path."""
    by_path = {source.path: source for source in found}
    beside = {
        path: sidecar
        for path in by_path
        for suffix in reversed(SUFFIXES)  # of two the first suffix counts
        if (sidecar := path.with_name(path.name + suffix)) in by_path
    }
    both = {path.with_name(path.name + suffix) for path in beside for suffix in SUFFIXES}
    return [source for path, source in by_path.items() if path not in both], beside


def apply_sidecar(stores: Stores, organization_id: uuid.UUID, document_id: uuid.UUID, *, path: Path) -> str | None:
    """Put what a file of metadata says on its document; the document is not read again for it.

    Returns:
        Why it could not be used, None when it was.
    """
    try:
        with path.open("rb") as file:
            sidecar = read_sidecar(file.read(MOST_BYTES + 1), path.name)
    except OSError as error:
        return f"`{path.name}` cannot be read ({error.strerror})"
    except ValueError as error:
        return str(error)
    with organization_session(stores.app, organization_id) as session:
        document = session.get_one(Document, document_id)
        document.custom_metadata = {**document.custom_metadata, **sidecar.fields}
        if sidecar.tags is not None:
            document.tags = list(dict.fromkeys(sidecar.tags))
    return None
