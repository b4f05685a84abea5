"""Entry point of `pixel`."""

import sys

import typer

from cli import (
    ask,
    backup,
    bench,
    demo,
    document,
    erase,
    evaluate,
    foreground,
    index,
    ingest,
    kb,
    search,
    secret,
    services,
    source,
    verify,
    vllm,
)
from cli.errors import expected_errors, one_line

app = typer.Typer(
    name="pixel",
    help="Pixel AI Creator: chatbots that can prove every answer.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for module in (services, demo, ingest, search, ask, verify, erase, backup, bench):
    module.register(app)
app.add_typer(document.app, name="document")
app.add_typer(kb.app, name="kb")
app.add_typer(source.app, name="source")
app.add_typer(index.app, name="index")
app.add_typer(secret.app, name="secret")
app.add_typer(vllm.app, name="vllm")
app.add_typer(evaluate.app, name="eval")
app.add_typer(foreground.app, name="run", hidden=True)


def run_command(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit status: 0, 1 with one line of explanation, 2 for wrong usage."""
    try:
        app(args=arguments, standalone_mode=True)
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else 1
    except KeyboardInterrupt:
        return 130
    except Exception as error:  # noqa: BLE001 - the last place where an error can become a line
        typer.echo(f"pixel: {_story(error)}", err=True)
        return 1
    return 0


def _story(error: Exception) -> str:
    if isinstance(error, expected_errors()):
        return one_line(error)
    import structlog

    structlog.get_logger(__name__).error("command_failed", exc_info=error)
    return f"unexpected {type(error).__name__}: {one_line(error)} (details: pixel logs cli)"


def run() -> None:
    """Console script."""
    sys.exit(run_command())
