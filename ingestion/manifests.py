"""Manifests: what was read back from a vector table after a version's rows were written."""

import uuid

from sqlalchemy import exists, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from storage.lance.contents import VersionContents
from storage.postgres.models.index_manifest import IndexManifest
from storage.postgres.models.index_version import IndexVersion


def write_manifest(
    session: Session,
    index: IndexVersion,
    version_id: uuid.UUID,
    *,
    lance_version: int,
    contents: VersionContents,
    epoch: int = 0,
) -> None:
    """Write down that an index holds a version's rows; a later manifest takes the place of an earlier one.

    Args:
        session: A session of the organization.
        index: The index version.
        version_id: The document version.
        lance_version: Version of the vector table that was read back.
        contents: What it held.
        epoch: Of the job that wrote them; 0 for a build.
    """
    written = {
        "lance_version": lance_version,
        "row_count": contents.row_count,
        "digest": contents.digest,
        "epoch": epoch,
    }
    keys = {
        "organization_id": index.organization_id,
        "index_version_id": index.id,
        "document_version_id": version_id,
    }
    statement = insert(IndexManifest).values({"id": uuid.uuid4(), **keys, **written})
    session.execute(
        statement.on_conflict_do_update(
            # clock_timestamp: within one transaction of a promotion, later still means later.
            index_elements=["index_version_id", "document_version_id"],
            set_={**written, "updated_at": func.clock_timestamp()},
        )
    )


def has_manifest(session: Session, index: IndexVersion, version_id: uuid.UUID) -> bool:
    """Whether an index was written down to hold a version's rows."""
    is_held = exists().where(
        IndexManifest.index_version_id == index.id, IndexManifest.document_version_id == version_id
    )
    return bool(session.scalar(select(is_held)))
