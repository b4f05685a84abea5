"""`python -m cli` is `pixel`."""

from cli.main import run

run()
