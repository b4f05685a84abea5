"""`pixel erase`: documents, knowledge bases and people, to the last byte."""

import time
import uuid
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.console import emit, say, warn
from cli.errors import fail

if TYPE_CHECKING:
    from cli.environment import Workplace
    from storage.postgres.models.erasure import Erasure, ErasureKind


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(erase)


def erase(
    document: Annotated[str | None, typer.Option("--document", help="a document's id or name")] = None,
    knowledge_base: Annotated[
        str | None, typer.Option("--knowledge-base", "-k", help="slug of a knowledge base: it and all in it")
    ] = None,
    subject: Annotated[
        str | None, typer.Option("--subject", help="id of a person: their conversations and feedback")
    ] = None,
    with_uploads: Annotated[
        bool, typer.Option("--with-uploads", help="for a person: the documents that they gave, too")
    ] = False,
    show: Annotated[bool, typer.Option("--list", help="show the ledger of erasures")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
) -> None:
    """Erase for good, and prove it by searching every store for the bytes. There is no way back.

    What was erased does not come back with a backup: `pixel restore` erases it again.
    """
    from cli.environment import workplace

    named = [name for name in (document, knowledge_base, subject) if name is not None]
    if not show and len(named) != 1:
        raise typer.BadParameter("name one of --document, --knowledge-base and --subject")
    if with_uploads and subject is None:
        raise typer.BadParameter("--with-uploads goes with --subject")
    with workplace() as place:
        if show:
            _list(place, as_json=as_json)
            return
        kind, target = _target(place, document, knowledge_base, subject)
        row = _carry_out(place, kind, target, with_uploads=with_uploads)
    _tell(row, as_json=as_json)
    if row.state != "completed":
        raise typer.Exit(1)


def _target(
    place: "Workplace", document: str | None, knowledge_base: str | None, subject: str | None
) -> "tuple[ErasureKind, str]":
    from storage.postgres.models.erasure import ErasureKind

    if document is not None:
        return ErasureKind.DOCUMENT, str(_document(place, document))
    if knowledge_base is not None:
        return ErasureKind.KNOWLEDGE_BASE, str(_knowledge_base(place, knowledge_base))
    return ErasureKind.SUBJECT, subject or ""


def _document(place: "Workplace", reference: str) -> uuid.UUID:
    """A document by id or name, one that was deleted included; an id may also be of one whose erasure was begun."""
    from sqlalchemy import select

    from storage.postgres.models.document import Document
    from storage.postgres.models.erasure import Erasure
    from storage.postgres.session import organization_session

    with organization_session(place.stores.app, place.organization_id) as session:
        try:
            wanted = uuid.UUID(reference)
        except ValueError:
            found = session.scalars(select(Document.id).where(Document.name == reference).limit(11)).all()
        else:
            found = session.scalars(select(Document.id).where(Document.id == wanted)).all()
            if not found and session.scalar(select(Erasure.id).where(Erasure.subject == str(wanted)).limit(1)):
                found = [wanted]
    if not found:
        fail(f"No document {reference!r}; `pixel document list` shows all of them")
    if len(found) > 1:
        fail(f"Several documents are called {reference!r}; name one by its id: {', '.join(map(str, found))}")
    return found[0]


def _knowledge_base(place: "Workplace", slug: str) -> uuid.UUID:
    from sqlalchemy import select

    from storage.postgres.models.knowledge_base import KnowledgeBase
    from storage.postgres.session import organization_session

    with organization_session(place.stores.app, place.organization_id) as session:
        found = session.scalar(select(KnowledgeBase.id).where(KnowledgeBase.slug == slug))
        if found is None:
            slugs = session.scalars(select(KnowledgeBase.slug).order_by(KnowledgeBase.slug)).all()
            fail(f"No knowledge base has the slug {slug!r}; there is: {', '.join(slugs) or 'none'}")
    return found


def _carry_out(place: "Workplace", kind: "ErasureKind", subject: str, *, with_uploads: bool) -> "Erasure":
    """Ask for the erasure and do it here, or wait for the worker that has it."""
    from sqlalchemy import select

    from ingestion.erasing import request_erasure, run_next
    from ingestion.leases import worker_name
    from ingestion.settings import ingest_settings
    from storage.postgres.models.audit_event import AuditEvent
    from storage.postgres.models.erasure import ERASE_JOB, Erasure
    from storage.postgres.models.job import Job, JobState
    from storage.postgres.session import owner_session

    with owner_session(place.stores.owner) as session:
        row = request_erasure(session, place.organization_id, kind=kind, subject=subject, with_uploads=with_uploads)
        session.add(
            AuditEvent(
                organization_id=place.organization_id,
                action="erasure.requested",
                subject_type="erasure",
                subject_id=row.id,
                details={"kind": row.kind},
            )
        )
        erasure_id = row.id
    waits = select(Job.id).where(
        Job.kind == ERASE_JOB, Job.subject_id == erasure_id, Job.state.in_((JobState.QUEUED, JobState.LEASED))
    )
    while True:
        run_next(place.stores, worker_name(), settings=ingest_settings(), organization_id=place.organization_id)
        with owner_session(place.stores.owner) as session:
            if session.scalar(waits.limit(1)) is None:
                return session.get_one(Erasure, erasure_id)
        time.sleep(0.3)


def _list(place: "Workplace", *, as_json: bool) -> None:
    from sqlalchemy import select

    from storage.postgres.models.erasure import Erasure
    from storage.postgres.session import organization_session

    with organization_session(place.stores.app, place.organization_id) as session:
        rows = session.scalars(select(Erasure).order_by(Erasure.created_at.desc())).all()
    for row in rows:
        if as_json:
            emit(_row(row))
        else:
            say(f"{row.id}  {row.created_at:%Y-%m-%d %H:%M}  {row.kind:<14}  {row.subject}  {row.state}")


def _row(row: "Erasure") -> dict[str, Any]:
    names = (
        "id", "kind", "subject", "with_uploads", "state", "touched", "proof", "error", "created_at", "completed_at"
    )  # fmt: skip
    return {name: getattr(row, name) for name in names}


def _tell(row: "Erasure", *, as_json: bool) -> None:
    if as_json:
        emit(_row(row))
        return
    for name, count in row.touched.items():
        say(f"{name.replace('_', ' '):<24}{count}")
    proof = row.proof
    if proof is not None:
        say(
            f"searched {proof['files_searched']} files and a dump of the database ({proof['bytes_searched']:,} bytes) "
            f"for {proof['searched_for']} pieces: {sum(proof['left'].values())} found"
        )
        for place, pieces in proof["left"].items():
            warn(f"  {pieces} left in {place}")
        if proof["kept_in_documents"]:
            say(f"{proof['kept_in_documents']} pieces stand in other documents, too, and stay there")
        if proof["kept_in_conversations"]:
            say(f"{proof['kept_in_conversations']} pieces were written by people in conversations that stay")
        if proof.get("kept_in_configuration"):
            say(f"{proof['kept_in_configuration']} pieces are the organization's own words, such as canned replies")
        if not proof["searched_for"]:
            say("nothing distinctive enough to search for was there")
    if row.state != "completed":
        warn(f"not erased whole: {row.error}. Run the command again.")
