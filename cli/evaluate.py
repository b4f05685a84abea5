"""`pixel eval run`."""

import typer

app = typer.Typer(help="Evaluations.", no_args_is_help=True)
