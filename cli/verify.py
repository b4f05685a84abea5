"""`pixel verify`."""

from typing import Annotated

import typer

from cli.console import emit, say


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(verify)


def verify(
    heal: Annotated[bool, typer.Option(help="mend what is found")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
) -> None:
    """Compare the vector tables with Postgres, and mend what differs: missing, extra, duplicate, stale, unreadable."""
    from cli.environment import workplace
    from ingestion.reconciler import verify as reconcile

    with workplace() as place:
        report = reconcile(place.stores, heal=heal)
    if as_json:
        emit(report.model_dump(mode="json"))
        return
    say(str(report.model_dump(mode="json")))
