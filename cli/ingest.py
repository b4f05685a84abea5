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
    from ingestion.batch import ingest_paths
    from ingestion.sources.folder import walk

    with workplace() as place:
        target = find_knowledge_base(place, knowledge_base, create=True)
        total = sum(1 for path in paths for _ in walk(path))
        with _progress(total, as_json=as_json) as tell:
            report = ingest_paths(
                place.stores,
                paths,
                organization_id=place.organization_id,
                knowledge_base_id=target,
                on_file=tell,
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
        if row.state == "failed":
            warn(f"  not read: {row.path}: {row.reason}")
    say(
        f"{summary['files']} files: {summary['ready']} read, {summary['unchanged']} unchanged, "
        f"{sum(summary['failed'].values())} not readable; {summary['passages']} passages, "
        f"{summary['embeddings_computed']} embeddings computed, {summary['seconds']:.1f} s"
    )


def _progress(total: int, *, as_json: bool) -> Any:
    from contextlib import contextmanager

    @contextmanager
    def bar() -> Any:
        if as_json:
            yield lambda *_: None
            return
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
            task = progress.add_task("reading", total=total)

            yield lambda result: progress.advance(task)

    return bar()
