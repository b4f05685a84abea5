"""`pixel ingest`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from cli.console import emit, say, warn
from cli.errors import fail


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(ingest)


def ingest(
    paths: Annotated[list[Path], typer.Argument(help="files and folders", show_default=False)],
    knowledge_base: Annotated[str, typer.Option("--knowledge-base", "-k", help="name; made when new")] = "default",
    as_json: Annotated[bool, typer.Option("--json", help="one JSON line per file, then a summary")] = False,
) -> None:
    """Read files and folders into a knowledge base. What has not changed is not read again."""
    missing = [str(path) for path in paths if not path.exists()]
    if missing:
        fail(f"No such file or folder: {', '.join(missing)}")
    from cli.environment import find_knowledge_base, workplace
    from cli.ingestion_bar import watched
    from ingestion.batch import ingest_paths

    with workplace() as place:
        target = find_knowledge_base(place, knowledge_base, create=True)
        with watched(place.stores, place.organization_id, is_shown=not as_json) as watch:
            report = ingest_paths(
                place.stores,
                paths,
                organization_id=place.organization_id,
                knowledge_base_id=target,
                on_start=watch,
            )
    if as_json:
        for row in report.files:
            emit(row.model_dump(mode="json"))
        emit({"summary": report.summary})
    else:
        _print_summary(report)


def _print_summary(report: Any) -> None:
    summary = report.summary
    for row in report.files:
        if row.state in ("failed", "held"):
            warn(f"  {'not read' if row.state == 'failed' else 'held'}: {row.path}: {row.reason}")
        elif row.reason and "metadata: " in row.reason:
            warn(f"  {row.path}: {row.reason}")
    say(
        f"{summary['files']} files: {summary['ready']} read, {summary['unchanged']} unchanged, "
        f"{sum(summary['failed'].values())} not readable; {summary['passages']} passages, "
        f"{summary['embeddings_computed']} embeddings computed, {summary['seconds']:.1f} s"
    )
