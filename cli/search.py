"""`pixel search`."""

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.console import emit, say
from cli.errors import fail

if TYPE_CHECKING:
    from cli.environment import Workplace

_MODES = ("vector", "text", "hybrid")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(search)


def search(
    text: Annotated[str | None, typer.Argument(help="what to look for", show_default=False)] = None,
    knowledge_base: Annotated[str | None, typer.Option("--knowledge-base", "-k", help="only in this one")] = None,
    mode: Annotated[str, typer.Option(help=f"how passages are found: {', '.join(_MODES)}")] = "hybrid",
    limit: Annotated[int, typer.Option(min=1, max=200, help="how many passages")] = 10,
    queries: Annotated[
        Path | None, typer.Option(help='JSON lines {"id", "text"} in, JSON lines {"id", "passages"} out')
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
) -> None:
    """Find passages, best first."""
    if mode not in _MODES:
        fail(f"Unknown mode {mode!r}; valid: {', '.join(_MODES)}")
    if (text is None) == (queries is None):
        raise typer.BadParameter("give either a TEXT or --queries FILE")
    wanted = [("", text)] if text is not None else _read_queries(queries)
    from cli.environment import find_knowledge_base, knowledge_base_ids, workplace

    with workplace() as place:
        bases = (
            [find_knowledge_base(place, knowledge_base, create=False)] if knowledge_base else knowledge_base_ids(place)
        )
        found = asyncio.run(_search(place, [query for _, query in wanted], bases, mode=mode, limit=limit))
    for (query_id, _), passages in zip(wanted, found, strict=True):
        if queries is not None:
            emit({"id": query_id, "passages": passages})
        elif as_json:
            emit({"passages": passages})
        else:
            _print(passages)


def _read_queries(path: Path | None) -> list[tuple[Any, str]]:
    assert path is not None  # noqa: S101 - the caller checked
    rows = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            rows.append((row["id"], str(row["text"])))
        except (ValueError, KeyError, TypeError):
            fail(f'{path}:{number} is not a JSON object with "id" and "text"')
    return rows


async def _search(
    place: "Workplace", texts: list[str], bases: list[Any], *, mode: str, limit: int
) -> list[list[dict[str, Any]]]:
    from serving.context import open_context
    from serving.errors import ApiError
    from serving.retrieval.service import retrieve, settings_of
    from serving.retrieval.settings import RetrievalOverrides
    from serving.settings import serving_settings
    from storage.postgres.session import async_organization_session

    context = open_context(place.settings, serving_settings())
    try:
        async with async_organization_session(context.engine, place.organization_id) as session:
            settings = await settings_of(session, bases, RetrievalOverrides.model_validate({"mode": mode}))
        settings = settings.model_copy(update={"limit": limit})
        results = []
        for text in texts:
            found = await retrieve(context, place.organization_id, text, knowledge_base_ids=bases, settings=settings)
            results.append([_row(passage) for passage in found.passages])
        return results
    except ApiError as error:
        fail(error.detail)
    finally:
        await context.close()


def _row(passage: Any) -> dict[str, Any]:
    return {
        "rank": passage.rank,
        "score": round(passage.score, 6),
        "text": passage.text,
        "document": passage.document_name,
        "path": list(passage.heading_path),
        "page": passage.page_start,
        "span": [passage.char_start, passage.char_end],
    }


def _print(passages: list[dict[str, Any]]) -> None:
    if not passages:
        say("nothing found")
    for row in passages:
        page = f", page {row['page']}" if row["page"] else ""
        say(f"{row['rank']:>3}. {row['score']:.3f}  {row['document']}{page}")
        say(f"     {' '.join(row['text'].split())[:300]}")
