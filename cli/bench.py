"""`pixel bench`."""

from typing import Annotated

import typer

from cli.console import emit, say
from cli.errors import fail


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(bench)


def bench(
    name: Annotated[str, typer.Argument(help="which benchmark: loop", show_default=False)],
    as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
) -> None:
    """Measure, and say which goals are met. Exits 0 also when one is missed."""
    import importlib
    import importlib.util

    if not name.isidentifier() or importlib.util.find_spec(f"benchmarks.{name}") is None:
        fail(f"No benchmark {name!r}; valid: loop")
    module = importlib.import_module(f"benchmarks.{name}")
    if not hasattr(module, "measure"):
        fail(f"No benchmark {name!r}; valid: loop")
    result = module.measure()
    if as_json:
        emit(result)
        return
    say(f"{result['name']} on {result['machine']}")
    for figure in result["figures"]:
        mark = {True: "met", False: "MISSED", None: ""}[figure["met"]]
        say(f"  {figure['name']:<44} {figure['value']:>10} {figure['unit']:<6} goal {figure['goal']:<10} {mark}")
