"""`pixel kb`: knowledge bases, which bots read them, and moving documents between them."""

import uuid
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.console import emit, say
from cli.errors import fail

if TYPE_CHECKING:
    from cli.environment import Workplace
    from serving.knowledge.bulk_schemas import BulkOut, RelocationOut

app = typer.Typer(
    help="Knowledge bases: make, share, archive; move, copy and tag their documents.", no_args_is_help=True
)

Base = Annotated[str, typer.Argument(help="a knowledge base's name or slug", show_default=False)]
Documents = Annotated[list[str], typer.Argument(help="ids or names of documents", show_default=False)]
Target = Annotated[
    str, typer.Option("--to", help="name or slug of the knowledge base where they go", show_default=False)
]
From = Annotated[str | None, typer.Option("--from", help="look for names in this knowledge base only")]
AsJson = Annotated[bool, typer.Option("--json", help="print JSON")]


@app.command("list")
def list_bases(
    archived: Annotated[bool, typer.Option("--archived", help="those that are archived")] = False,
    as_json: AsJson = False,
) -> None:
    """Knowledge bases with how much of each was read."""
    from cli.document import ask
    from cli.environment import workplace
    from serving.knowledge import bases
    from serving.knowledge.schemas import KnowledgeBaseOut

    with workplace() as place:
        rows = ask(place, lambda session: bases.list_knowledge_bases(session, is_archived=archived))
    for row in rows:
        if as_json:
            emit(KnowledgeBaseOut.model_validate(row).model_dump(mode="json"))
        else:
            tags = f"  [{', '.join(row.tags)}]" if row.tags else ""
            say(f"{row.slug:<24}{row.ready} of {row.documents} read  {row.name}{tags}")


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="what it is called", show_default=False)],
    slug: Annotated[str | None, typer.Option(help="made from the name unless given")] = None,
    tag: Annotated[list[str] | None, typer.Option(help="a tag; may be given again")] = None,
    as_json: AsJson = False,
) -> None:
    """Make a knowledge base."""
    import re

    from cli.document import ask
    from cli.environment import workplace
    from serving.knowledge import bases
    from serving.knowledge.schemas import KnowledgeBaseCreate, KnowledgeBaseOut

    body = KnowledgeBaseCreate(
        name=name, slug=slug or re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-"), tags=tag or []
    )
    with workplace() as place:
        row = ask(place, lambda session: bases.create_knowledge_base(session, place.actor, body))
    if as_json:
        emit(KnowledgeBaseOut.model_validate(row).model_dump(mode="json"))
    else:
        say(f"{row.slug} made")


@app.command()
def archive(base: Base, as_json: AsJson = False) -> None:
    """Archive a knowledge base; bots stop reading it at once."""
    from cli.document import ask
    from cli.environment import find_knowledge_base, workplace
    from serving.knowledge import bases

    with workplace() as place:
        base_id = find_knowledge_base(place, base, create=False)
        ask(place, lambda session: bases.archive_knowledge_base(session, place.actor, base_id))
    if as_json:
        emit({"id": base_id, "state": "archived"})
    else:
        say(f"{base} archived")


@app.command()
def share(
    base: Base,
    bots: Annotated[list[str] | None, typer.Argument(help="slugs of all bots that read it; none: nobody")] = None,
    as_json: AsJson = False,
) -> None:
    """Make exactly these bots read a knowledge base."""
    from cli.document import ask
    from cli.environment import find_knowledge_base, workplace
    from serving.knowledge import sharing
    from serving.knowledge.bulk_schemas import SharingUpdate

    with workplace() as place:
        base_id = find_knowledge_base(place, base, create=False)
        known = {bot.slug: bot.id for bot in ask(place, lambda session: sharing.list_bots(session, base_id))}
        missing = [slug for slug in bots or [] if slug not in known]
        if missing:
            fail(f"No bot {missing[0]!r}; there is: {', '.join(sorted(known)) or 'none yet'}")
        body = SharingUpdate(chatbot_ids=[known[slug] for slug in bots or []])
        shared = ask(place, lambda session: sharing.share(session, place.actor, base_id, body))
    for bot in shared:
        if as_json:
            emit(bot.model_dump(mode="json"))
        elif bot.reads_it:
            say(f"{bot.slug} reads it{' (as it reads every one)' if bot.reads_all else ''}")


@app.command()
def move(documents: Documents, to: Target, from_base: From = None, as_json: AsJson = False) -> None:
    """Move documents to another knowledge base: all of them, or none."""
    _tell(_relocated(documents, to, from_base, how="move"), "moved", as_json=as_json)


@app.command()
def copy(documents: Documents, to: Target, from_base: From = None, as_json: AsJson = False) -> None:
    """Copy documents to another knowledge base; nothing is read or embedded again."""
    _tell(_relocated(documents, to, from_base, how="copy"), "copied", as_json=as_json)


@app.command()
def tag(
    documents: Documents,
    add: Annotated[list[str] | None, typer.Option("--add", help="a tag; may be given again")] = None,
    remove: Annotated[list[str] | None, typer.Option("--remove", help="a tag; may be given again")] = None,
    from_base: From = None,
    as_json: AsJson = False,
) -> None:
    """Add tags to documents, and remove some."""
    from cli.document import ask
    from cli.environment import workplace
    from serving.knowledge import bulk
    from serving.knowledge.bulk_schemas import BulkCreate, TagsAction

    if not add and not remove:
        raise typer.BadParameter("say which tags: --add TAG, --remove TAG")
    with workplace() as place:
        body = BulkCreate(
            action=TagsAction(kind="tags", add=add or [], remove=remove or []),
            document_ids=_ids(place, documents, from_base),
        )
        told: BulkOut = ask(place, lambda session: bulk.change(session, place.actor, body))
    if as_json:
        emit(told.model_dump(mode="json"))
    else:
        say(f"{told.changed} of {told.documents} documents changed")


def _relocated(documents: list[str], to: str, from_base: str | None, *, how: str) -> "RelocationOut":
    from cli.document import ask
    from cli.environment import find_knowledge_base, workplace
    from ingestion.worker import run_until_idle
    from serving.knowledge import bulk
    from serving.knowledge.bulk_schemas import RelocationCreate

    act = bulk.move if how == "move" else bulk.copy
    with workplace() as place:
        body = RelocationCreate(
            document_ids=_ids(place, documents, from_base),
            knowledge_base_id=find_knowledge_base(place, to, create=False),
        )
        told: RelocationOut = ask(place, lambda session: act(session, place.actor, body))
        run_until_idle(place.stores, organization_id=place.organization_id)
    return told


def _tell(told: "RelocationOut", done: str, *, as_json: bool) -> None:
    if as_json:
        emit(told.model_dump(mode="json"))
    else:
        say(f"{len(told.document_ids)} documents {done}")


def _ids(place: "Workplace", references: list[str], base: str | None) -> list[uuid.UUID]:
    """Documents by id or name; a name that several have is refused."""
    from cli.document import ask
    from cli.environment import find_knowledge_base, knowledge_base_ids
    from serving.knowledge import repository

    bases = [find_knowledge_base(place, base, create=False)] if base else knowledge_base_ids(place)

    async def read(session: Any) -> list[Any]:
        return [
            row
            for one in bases
            for row in await repository.documents(session, one, state=None, limit=100_000, offset=0)
        ]

    rows = ask(place, read)
    found = []
    for reference in references:
        matching = [row.id for row in rows if reference in (str(row.id), row.name)]
        if not matching:
            fail(f"No document {reference!r}; `pixel document list` shows them")
        if len(matching) > 1:
            fail(f"{len(matching)} documents are called {reference!r}; give an id, or --from KNOWLEDGE-BASE")
        found += matching
    return found
