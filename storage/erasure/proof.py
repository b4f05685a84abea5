"""Proof of an erasure: searches every store for the bytes of what was erased."""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import func, or_, select, text
from sqlalchemy.orm import Session

from storage.erasure.byte_search import ByteSearch
from storage.erasure.dump_tables import DumpTables
from storage.erasure.evidence import Evidence
from storage.erasure.leftovers import files_below, spool_files
from storage.erasure.rows import FREE_OF_VISITORS, TOUCHED_TABLES
from storage.erasure.windows import text_forms, vector_forms
from storage.postgres.client_tools import client_tool, tool_output
from storage.postgres.models.chunk import Chunk
from storage.postgres.models.document_version import DocumentVersion
from storage.postgres.session import owner_session
from storage.postgres.urls import database_urls
from storage.records.record import Record
from storage.stores import Stores

DUMP = "dump of the database"
_PUBLIC = "public."
_MESSAGES = "public.messages"
_FOLDERS = ("files", "lance", "spool", "logs", "reports", "dbt", "dagster")
_VECTOR_ELSEWHERE = text("SELECT EXISTS (SELECT 1 FROM embeddings WHERE position(:piece IN vector) > 0)")


class Proof(Record):
    """What the search found. `left` must be empty: places by name, with how many pieces each still holds.

    What is kept stands elsewhere on its own account: in documents and conversations that stay, or in rows that no erasure
    changes, such as bots and canned replies.
    """

    searched_for: int
    files_searched: int
    bytes_searched: int
    left: dict[str, int]
    kept_in_documents: int
    kept_in_conversations: int
    kept_in_configuration: int = 0

    @property
    def is_clean(self) -> bool:
        """Whether nothing was found that should be gone."""
        return not self.left


def search_of(evidence: Evidence) -> ByteSearch:
    """A search for every form of every piece of evidence."""
    return ByteSearch(form for forms in _forms(evidence).values() for form in forms)


@dataclass
class _Found:
    """Pieces by where they were found; of the dump by table. A dump's own words are nobody's."""

    in_files: dict[str, set[str]] = field(default_factory=dict)
    in_tables: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    files: int = 0
    size: int = 0

    def pieces(self) -> set[str]:
        """Everything that was found."""
        return set().union(*self.in_files.values(), *self.in_tables.values())


def prove(stores: Stores, evidence: Evidence, *, of_visitor: bool = False) -> Proof:
    """Search files, vector tables, spools, logs, reports and a dump of the database.

    A piece that a passage elsewhere says, too, was not erased with this document and is counted apart, and so is what
    people wrote into conversations that stay, and what the organization says of itself.

    Args:
        stores: The stores.
        evidence: What to search for.
        of_visitor: It is what a visitor said: the dump is searched alone. Nothing of it is written elsewhere, and anybody can
            type what stands in any file.
    """
    owners = {form: piece for piece, forms in _forms(evidence).items() for form in forms}
    search, found = ByteSearch(owners), _Found()
    if not of_visitor:
        _search_files(stores, search, owners, found)
    arguments = [str(client_tool("pg_dump", stores.owner)), "--data-only", "--enable-row-security", "--no-password"]
    with tool_output(arguments, database_urls(stores.settings).owner) as stream:
        dump = DumpTables(stream)
        for form, offset in search.found(dump):
            if (table := dump.table_at(offset)) is not None:
                found.in_tables[table].add(owners[form])
    with owner_session(stores.owner) as session:
        return _judge(session, found, searched=len(set(owners.values())), of_visitor=of_visitor)


def _search_files(stores: Stores, search: ByteSearch, owners: Mapping[bytes, str], found: _Found) -> None:
    for path in _files(stores):
        try:
            with path.open("rb") as handle:
                pieces = {owners[form] for form, _ in search.found(handle)}
                found.files, found.size = found.files + 1, found.size + handle.tell()
        except FileNotFoundError:  # gone since it was listed
            continue
        if pieces:
            found.in_files[str(path)] = pieces


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


def _judge(session: Session, found: _Found, *, searched: int, of_visitor: bool) -> Proof:
    in_documents = {piece for piece in found.pieces() if _is_elsewhere(session, piece)}
    named = _named_files(session, found.in_files)
    in_documents |= {piece for place in named for piece in found.in_files[place]}
    in_configuration = {
        piece
        for table, pieces in found.in_tables.items()
        if _is_never_touched(table)
        for piece in pieces - in_documents
        if piece[0] == "t"
    }
    in_conversations: set[str] = set()
    left: dict[str, int] = {}
    for place, pieces in found.in_files.items():
        rest = pieces - in_documents - in_configuration
        if rest and place not in named:
            left[place] = len(rest)
    for table, pieces in found.in_tables.items():
        rest = pieces - in_documents - in_configuration
        if not (of_visitor and table.removeprefix(_PUBLIC) in FREE_OF_VISITORS):
            said = {piece for piece in rest if piece[0] == "t"} & found.in_tables.get(_MESSAGES, set())
        else:
            said = rest
        in_conversations |= said
        if rest - said:
            left[f"{DUMP}, table {table}"] = len(rest - said)
    return Proof(
        searched_for=searched,
        files_searched=found.files,
        bytes_searched=found.size,
        left=left,
        kept_in_documents=len(in_documents),
        kept_in_conversations=len(in_conversations),
        kept_in_configuration=len(in_configuration),
    )


def _is_never_touched(table: str) -> bool:
    """Whether it is a table of ours that no erasure changes: what stands there stands there whoever wrote it."""
    return table.startswith(_PUBLIC) and table.removeprefix(_PUBLIC) not in TOUCHED_TABLES


def _is_elsewhere(session: Session, piece: str) -> bool:
    kind, value = piece[0], piece[1:]
    if kind == "t":
        return session.scalar(select(Chunk.id).where(func.strpos(Chunk.text, value) > 0).limit(1)) is not None
    if kind == "v":
        return bool(session.scalar(_VECTOR_ELSEWHERE, {"piece": bytes.fromhex(value)}))
    return session.get(Chunk, uuid.UUID(value)) is not None


def _named_files(session: Session, places: Iterable[str]) -> set[str]:
    """Places that are stored files of versions that stay."""
    keys = {place.rsplit("/", 1)[-1]: place for place in places}
    rows = session.execute(
        select(DocumentVersion.content_hash, DocumentVersion.text_key).where(
            or_(DocumentVersion.content_hash.in_(keys), DocumentVersion.text_key.in_(keys))
        )
    )
    return {keys[key] for row in rows for key in row if key in keys}
