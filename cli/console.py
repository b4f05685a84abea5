"""What the command prints: tables and lines for people, JSON lines for programs."""

import json
from typing import Any

import typer


def emit(value: Any) -> None:
    """One JSON object on one line."""
    typer.echo(json.dumps(value, ensure_ascii=False, default=str))


def say(text: str = "") -> None:
    """A line for people."""
    typer.echo(text)


def warn(text: str) -> None:
    """A line for people that must not mix with the output of `--json`."""
    typer.echo(text, err=True)
