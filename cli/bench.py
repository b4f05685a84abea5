"""`pixel bench`."""

from typing import Annotated

import typer

from cli.console import emit, say
from cli.errors import fail

_NAMES = (
    "loop", "ingestion", "embedding", "chunking", "retrieval", "language", "conversation", "serving", "gpu", "fuzz",
)  # fmt: skip

# Benchmarks that are one file of several in a folder.
_PLACES = {"gpu": "benchmarks.serving.gpu"}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(bench)


def bench(
    name: Annotated[str, typer.Argument(help=f"which benchmark: {', '.join(_NAMES)}", show_default=False)],
    as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
) -> None:
    """Measure, and say which goals are met. Exits 0 also when one is missed."""
    import importlib
    import importlib.util

    module_name = _PLACES.get(name, f"benchmarks.{name}")
    if name not in _NAMES or importlib.util.find_spec(module_name) is None:
        fail(f"No benchmark {name!r}; valid: {', '.join(_NAMES)}")
    module = importlib.import_module(module_name)
    if not hasattr(module, "measure"):  # a package with one file per part
        module = importlib.import_module(f"{module_name}.measure")
    result = module.measure()
    if as_json:
        emit(result)
        return
    say(f"{result['name']} on {result['machine']}")
    for figure in result["figures"]:
        mark = {True: "met", False: "MISSED", None: ""}[figure["met"]]
        say(f"  {figure['name']:<44} {figure['value']!s:>10} {figure['unit']:<6} goal {figure['goal']!s:<10} {mark}")
