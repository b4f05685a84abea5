"""Proof of an erasure: searches every store for the bytes of what was erased."""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from sqlalchemy import func, or_, select, text
from sqlalchemy.orm import Session

from storage.erasure.byte_search import ByteSearch
from storage.erasure.evidence import Evidence
from storage.erasure.leftovers import files_below, spool_files
from storage.erasure.windows import text_forms, vector_forms
from storage.postgres.client_tools import client_tool, tool_output
from storage.postgres.models.chunk import Chunk
from storage.postgres.models.document_version import DocumentVersion
from storage.postgres.models.message import Message
from storage.postgres.session import owner_session
from storage.postgres.urls import database_urls
from storage.records.record import Record
from storage.stores import Stores

DUMP = "dump of the database"
_FOLDERS = ("files", "lance", "spool", "logs", "reports", "dbt", "dagster")
_VECTOR_ELSEWHERE = text("SELECT EXISTS (SELECT 1 FROM embeddings WHERE position(:piece IN vector) > 0)")


class Proof(Record):
    """What the search found. `left` must be empty: places by name, with how many pieces each still holds."""

    searched_for: int
    files_searched: int
    bytes_searched: int
    left: dict[str, int]
    kept_in_documents: int
    kept_in_conversations: int

    @property
    def is_clean(self) -> bool:
        """Whether nothing was found that should be gone."""
        return not self.left


def search_of(evidence: Evidence) -> ByteSearch:
    """A search for every form of every piece of evidence."""
    return ByteSearch(form for forms in _forms(evidence).values() for form in forms)


def prove(stores: Stores, evidence: Evidence) -> Proof:
    """Search files, vector tables, spools, logs, reports and a dump of the database.

    A piece that a passage elsewhere says, too, was not erased with this document and is counted apart, and so is what
    people wrote into conversations that stay.

    Args:
        stores: The stores.
        evidence: What to search for.
    """
    owners = {form: piece for piece, forms in _forms(evidence).items() for form in forms}
    search, hits, files, size = ByteSearch(owners), defaultdict[str, set[str]](set), 0, 0
    for path in _files(stores):
        try:
            with path.open("rb") as handle:
                found = {owners[form] for form, _ in search.found(handle)}
                files, size = files + 1, size + handle.tell()
        except FileNotFoundError:  # gone since it was listed
            continue
        if found:
            hits[str(path)] = found
    dump = [str(client_tool("pg_dump", stores.owner)), "--data-only", "--enable-row-security", "--no-password"]
    with tool_output(dump, database_urls(stores.settings).owner) as stream:
        hits[DUMP] = {owners[form] for form, _ in search.found(stream)}
    with owner_session(stores.owner) as session:
        return _judge(session, hits, searched=len(set(owners.values())), files=files, size=size)


def _forms(evidence: Evidence) -> dict[str, list[bytes]]:
    """Forms by piece; the piece's first letter says what it is, so that it can be looked up again."""
    texts = {f"t{window}": text_forms(window) for window in evidence.texts}
    vectors = {f"v{piece.hex()}": vector_forms(piece) for piece in evidence.vectors}
    return texts | vectors | {f"i{chunk_id}": [chunk_id.encode()] for chunk_id in evidence.chunk_ids}


def _files(stores: Stores) -> Iterator[Path]:
    settings = stores.settings
    folders = [settings.home_path / name for name in _FOLDERS] + [settings.logs_path]
    folders += [Path(uri.removeprefix("file://")) for uri in (settings.files_uri, settings.lance_uri) if _is_local(uri)]
    yield from dict.fromkeys(path for folder in folders for path in files_below(folder))
    yield from spool_files()


def _is_local(uri: str) -> bool:
    return "://" not in uri or uri.startswith("file://")


def _judge(session: Session, hits: dict[str, set[str]], *, searched: int, files: int, size: int) -> Proof:
    in_documents = {piece for piece in set().union(*hits.values()) if _is_elsewhere(session, piece)}
    named = _named_files(session, hits)
    left: dict[str, int] = {}
    in_conversations: set[str] = set()
    for place, pieces in hits.items():
        if place in named:
            in_documents |= pieces
            continue
        rest = pieces - in_documents
        if place == DUMP:
            said = {piece for piece in rest if _is_said(session, piece)}
            in_conversations |= said
            rest -= said
        if rest:
            left[place] = len(rest)
    return Proof(
        searched_for=searched,
        files_searched=files,
        bytes_searched=size,
        left=left,
        kept_in_documents=len(in_documents),
        kept_in_conversations=len(in_conversations),
    )


def _is_elsewhere(session: Session, piece: str) -> bool:
    kind, value = piece[0], piece[1:]
    if kind == "t":
        return session.scalar(select(Chunk.id).where(func.strpos(Chunk.text, value) > 0).limit(1)) is not None
    if kind == "v":
        return bool(session.scalar(_VECTOR_ELSEWHERE, {"piece": bytes.fromhex(value)}))
    return session.get(Chunk, uuid.UUID(value)) is not None


def _is_said(session: Session, piece: str) -> bool:
    """Whether people or bots wrote it in a conversation that stays."""
    if piece[0] != "t":
        return False
    return session.scalar(select(Message.id).where(func.strpos(Message.content, piece[1:]) > 0).limit(1)) is not None


def _named_files(session: Session, places: Iterable[str]) -> set[str]:
    """Places that are stored files of versions that stay."""
    keys = {place.rsplit("/", 1)[-1]: place for place in places if place != DUMP}
    rows = session.execute(
        select(DocumentVersion.content_hash, DocumentVersion.text_key).where(
            or_(DocumentVersion.content_hash.in_(keys), DocumentVersion.text_key.in_(keys))
        )
    )
    return {keys[key] for row in rows for key in row if key in keys}
