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
    from storage.reconciler import verify as reconcile

    with workplace() as place:
        report = reconcile(place.stores, heal=heal)
    if as_json:
        emit(
            {
                **report.model_dump(mode="json"),
                "drift_before": report.drift_before,
                "index_drift_rows": report.index_drift_rows,
                "clean": report.is_clean,
            }
        )
    else:
        for table in report.before:
            state = "unreadable" if table.is_unreadable else f"{table.rows} rows differ" if table.rows else "agrees"
            say(f"{table.table_name}  {state}")
        say("all tables agree with Postgres" if report.is_clean else f"{report.index_drift_rows} rows still differ")
    if not report.is_clean:
        raise typer.Exit(1)
