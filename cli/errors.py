"""Errors of the command, and how every error becomes one line."""

from typing import NoReturn


class CommandError(Exception):
    """The command cannot do what was asked; the message says why and what to do."""


def one_line(error: BaseException) -> str:
    """An error as one line for a person."""
    text = " ".join(str(error).split())
    if isinstance(error, OSError) and error.strerror:
        place = f" {error.filename}" if error.filename else ""
        text = f"{error.strerror}:{place}" if place else error.strerror
    return text or type(error).__name__


def expected_errors() -> tuple[type[BaseException], ...]:
    """Errors that tell their whole story in one line; any other is a defect, and its trace goes to the log."""
    from pydantic import ValidationError
    from sqlalchemy.exc import SQLAlchemyError

    from evals.errors import EvalError
    from ingestion.errors import IngestionError
    from orchestration.errors import OrchestrationError
    from serving.inference.vllm.errors import VllmError
    from storage.errors import StorageError

    return (
        CommandError,
        StorageError,
        IngestionError,
        OrchestrationError,
        EvalError,
        VllmError,
        SQLAlchemyError,
        ValidationError,
        OSError,
    )


def fail(message: str) -> NoReturn:
    """Stop with a message."""
    raise CommandError(message)
