"""`pixel document`: versions of documents, what is different between them, and decisions about them."""

import uuid
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.console import emit, say
from cli.errors import fail

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from cli.environment import Workplace
    from serving.context import ServingContext
    from serving.knowledge.schemas import VersionAction

app = typer.Typer(help="Documents and their versions.", no_args_is_help=True)

Reference = Annotated[str, typer.Argument(help="a document's id or name", show_default=False)]
Base = Annotated[str | None, typer.Option("--knowledge-base", "-k", help="only in this one")]
AsJson = Annotated[bool, typer.Option("--json", help="print JSON")]


@app.command("list")
def list_documents(knowledge_base: Base = None, as_json: AsJson = False) -> None:
    """Documents with the state of their newest version."""
    from cli.environment import find_knowledge_base, knowledge_base_ids, workplace
    from serving.knowledge import repository

    with workplace() as place:
        bases = (
            [find_knowledge_base(place, knowledge_base, create=False)] if knowledge_base else knowledge_base_ids(place)
        )

        async def read(session: "AsyncSession") -> list[Any]:
            return [
                row
                for base in bases
                for row in await repository.documents(session, base, state=None, limit=100_000, offset=0)
            ]

        rows = ask(place, read)
    for row in rows:
        if as_json:
            names = ("id", "name", "knowledge_base_id", "state", "version", "is_searchable", "failure_reason", "tags")
            emit({name: getattr(row, name) for name in names})
        else:
            say(f"{row.id}  v{row.version}  {row.state:<10}  {row.name}")


@app.command()
def versions(document: Reference, knowledge_base: Base = None, as_json: AsJson = False) -> None:
    """Versions of a document, newest first."""
    from cli.environment import workplace
    from serving.knowledge.versions import list_versions

    with workplace() as place:
        document_id = _find(place, document, knowledge_base)
        found = ask(place, lambda session: list_versions(session, place.actor, document_id))
    for version in found:
        if as_json:
            emit(version.model_dump(mode="json"))
            continue
        current = " current" if version.is_current else ""
        why = f": {version.failure_reason}" if version.failure_reason else ""
        flags = f" [{', '.join(version.flags)}]" if version.flags else ""
        say(f"{version.number}  {version.id}  {version.state}{current}{flags}{why}")


@app.command()
def diff(
    document: Reference,
    from_version: Annotated[str | None, typer.Option("--from", help="number or id of the older version")] = None,
    to_version: Annotated[str | None, typer.Option("--to", help="number or id of the newer version")] = None,
    knowledge_base: Base = None,
    as_json: AsJson = False,
) -> None:
    """What two versions say differently: the current one and the one before, unless told otherwise."""
    from cli.environment import workplace
    from serving.knowledge import versions as service

    with workplace() as place:
        document_id = _find(place, document, knowledge_base)
        found = ask(
            place, lambda session: service.diff(session, document_id, from_version=from_version, to_version=to_version)
        )
    if as_json:
        emit(found.model_dump(mode="json"))
        return
    say(
        f"version {found.from_version} to {found.to_version}: {found.changed} passages changed, {found.added} added, "
        f"{found.removed} removed, {found.same} the same"
    )
    for change in found.changes:
        place_line = " > ".join(change.heading_path) + (f", page {change.page}" if change.page else "")
        say(f"\n@@ {change.kind}: {place_line}")
        for mark, text in (("-", change.before), ("+", change.after)):
            for line in (text or "").splitlines():
                say(f"{mark} {line}")
    if found.is_truncated:
        say("\nThere are more differences than are shown.")


@app.command("make-current")
def make_current(
    document: Reference,
    version: Annotated[str, typer.Argument(help="number or id of the version")],
    knowledge_base: Base = None,
    as_json: AsJson = False,
) -> None:
    """Go back to a version, or accept one that is held; done when it is searchable."""
    _decide(document, version, knowledge_base, action="make-current", as_json=as_json)


@app.command()
def discard(
    document: Reference,
    version: Annotated[str, typer.Argument(help="number or id of the version")],
    knowledge_base: Base = None,
    as_json: AsJson = False,
) -> None:
    """Decide against a version that is held; the current one stays."""
    _decide(document, version, knowledge_base, action="discard", as_json=as_json)


def _decide(document: str, version: str, knowledge_base: str | None, *, action: "VersionAction", as_json: bool) -> None:
    from cli.environment import workplace
    from ingestion.worker import run_until_idle
    from serving.knowledge.versions import decide, list_versions

    with workplace() as place:
        document_id = _find(place, document, knowledge_base)
        listed = ask(place, lambda session: list_versions(session, place.actor, document_id))
        chosen = next((row for row in listed if version in (str(row.number), str(row.id))), None)
        if chosen is None:
            fail(f"The document has no version {version!r}; it has {', '.join(str(row.number) for row in listed)}")
        decided = _with_context(
            place, lambda context: decide(context, place.actor, document_id, chosen.id, action=action)
        )
        if decided.state == "staged":
            run_until_idle(place.stores, organization_id=place.organization_id)
    if as_json:
        emit(decided.model_dump(mode="json"))
    else:
        done = "is discarded" if action == "discard" else "is current"
        say(f"version {chosen.number} {done}")


def _find(place: "Workplace", reference: str, knowledge_base: str | None) -> uuid.UUID:
    """A document by id or name; a name that several have is said with their ids."""
    from sqlalchemy import select

    from cli.environment import find_knowledge_base
    from storage.postgres.models.document import Document
    from storage.postgres.session import organization_session

    try:
        wanted = Document.id == uuid.UUID(reference)
    except ValueError:
        wanted = Document.name == reference
    statement = select(Document.id).where(wanted, Document.tombstoned_at.is_(None)).order_by(Document.id).limit(11)
    if knowledge_base is not None:
        base = find_knowledge_base(place, knowledge_base, create=False)
        statement = statement.where(Document.knowledge_base_id == base)
    with organization_session(place.stores.app, place.organization_id) as session:
        found = session.scalars(statement).all()
    if not found:
        fail(f"No document {reference!r}; `pixel document list` shows all of them")
    if len(found) > 1:
        fail(f"Several documents are called {reference!r}; name one by its id: {', '.join(map(str, found))}")
    return found[0]


def ask(place: "Workplace", question: Any) -> Any:
    """The answer of a service to a question about the organization."""
    from storage.postgres.session import async_organization_session

    async def ask(context: "ServingContext") -> Any:
        async with async_organization_session(context.engine, place.organization_id) as session:
            return await question(session)

    return _with_context(place, ask)


def _with_context(place: "Workplace", work: Any) -> Any:
    import asyncio

    from serving.context import open_context
    from serving.errors import ApiError
    from serving.settings import serving_settings

    async def run() -> Any:
        context = open_context(place.settings, serving_settings())
        try:
            return await work(context)
        finally:
            await context.close()

    try:
        return asyncio.run(run())
    except ApiError as error:
        fail(error.detail)
