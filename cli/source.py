"""`pixel source`: places that documents come from, again and again."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.console import emit, say, warn
from cli.errors import fail

if TYPE_CHECKING:
    from cli.environment import Workplace
    from storage.postgres.models.source import Source

app = typer.Typer(help="Folders, addresses, sitemaps and buckets that documents come from.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="what the source is called", show_default=False)]
AsJson = Annotated[bool, typer.Option("--json", help="print JSON")]


@app.command()
def add(
    name: Name,
    kind: Annotated[str, typer.Argument(help="folder, urls, sitemap or bucket", show_default=False)],
    places: Annotated[list[str], typer.Argument(help="path or address; several for urls", show_default=False)],
    knowledge_base: Annotated[str, typer.Option("--knowledge-base", "-k", help="name; made when new")] = "default",
    as_json: AsJson = False,
) -> None:
    """Add a source. `pixel source sync` reads it."""
    from pathlib import Path

    from cli.document import ask
    from cli.environment import find_knowledge_base, workplace
    from serving.sources.schemas import SourceCreate
    from serving.sources.service import create_source
    from storage.postgres.models.source import SourceKind

    if kind not in list(SourceKind):
        fail(f"Unknown kind {kind!r}; valid: {', '.join(SourceKind)}")
    if kind != SourceKind.URLS and len(places) != 1:
        fail(f"A source of kind {kind} has one place, not {len(places)}; add one source for each")
    first = str(Path(places[0]).expanduser().absolute()) if kind == SourceKind.FOLDER else places[0]
    keys = {"folder": {"path": first}, "urls": {"urls": places}, "sitemap": {"url": first}, "bucket": {"url": first}}
    with workplace() as place:
        base = find_knowledge_base(place, knowledge_base, create=True)
        body = SourceCreate(knowledge_base_id=base, name=name, kind=SourceKind(kind), settings=keys[kind])
        row = ask(place, lambda session: create_source(session, place.actor, body, serving=None))
    if as_json:
        emit(_row(row))
    else:
        say(f"{row.name} added; `pixel source sync` reads it")


@app.command("list")
def list_sources(as_json: AsJson = False) -> None:
    """Sources with what their last runs found."""
    from cli.environment import workplace

    with workplace() as place:
        rows = _sources(place)
    for row in rows:
        if as_json:
            emit(_row(row))
        else:
            last = f"{row.last_run_at:%Y-%m-%d %H:%M}" if row.last_run_at else "never read"
            say(f"{row.name}  {row.kind}  {last}{'' if row.is_enabled else '  switched off'}")


@app.command()
def sync(
    names: Annotated[list[str] | None, typer.Argument(help="all that are on unless given", show_default=False)] = None,
    as_json: AsJson = False,
) -> None:
    """Take in what is new or changed, take away what vanished, and wait until all is searchable."""
    from cli.environment import workplace
    from ingestion.sources.sync import sync_source
    from ingestion.worker import run_until_idle

    with workplace() as place:
        rows = [_find(place, name) for name in names] if names else [row for row in _sources(place) if row.is_enabled]
        results = [(row, sync_source(place.stores, place.organization_id, row.id)) for row in rows]
        run_until_idle(place.stores, organization_id=place.organization_id)
    for row, result in results:
        if as_json:
            emit({"name": row.name, **result})
            continue
        for problem in result["problems"]:
            warn(f"  {row.name}: {problem}")
        say(
            f"{row.name}: {result['staged']} new or changed, {result['unchanged']} unchanged, "
            f"{result['failed']} failed, {result['vanished']} taken away"
        )


@app.command()
def remove(name: Name) -> None:
    """Remove a source; the documents that came from it stay."""
    from cli.document import ask
    from cli.environment import workplace
    from serving.sources.service import delete_source

    with workplace() as place:
        row = _find(place, name)
        ask(place, lambda session: delete_source(session, place.actor, row.id))
    say(f"{name} removed; its documents stay")


def _sources(place: "Workplace") -> "list[Source]":
    from cli.document import ask
    from serving.sources.service import list_sources

    return list(ask(place, list_sources))


def _find(place: "Workplace", name: str) -> "Source":
    rows = _sources(place)
    found = next((row for row in rows if name in (row.name, str(row.id))), None)
    if found is None:
        fail(f"No source {name!r}; there is: {', '.join(row.name for row in rows) or 'none yet'}")
    return found


def _row(row: "Source") -> dict[str, Any]:
    from serving.sources.schemas import SourceOut

    return SourceOut.model_validate(row).model_dump(mode="json")
