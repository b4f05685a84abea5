"""Structured logs: one JSON object a line in `<home>/logs/<process>.jsonl`.

Events are constants with ids and numbers as fields. Text of documents, questions, answers, prompts and secrets is never a
field; `_without_content` is the net under that rule.
"""

import logging
import logging.handlers
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

import structlog
import structlog.tracebacks

from storage.settings import StorageSettings

MAX_BYTES = 20 * 1024 * 1024
BACKUPS = 3
_NEVER = frozenset(
    {
        "text",
        "content",
        "question",
        "answer",
        "prompt",
        "password",
        "token",
        "key",
        "secret",
        "authorization",
        "api_key",
    }
)


def _without_content(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for name in _NEVER & event.keys():
        event[name] = "[withheld]"
    return event


def log_file(settings: StorageSettings, process: str) -> Path:
    """Path of a process's log."""
    return settings.logs_path / f"{process}.jsonl"


def close() -> None:
    """Stop logging to a file."""
    root = logging.getLogger()
    for handler in [h for h in root.handlers if isinstance(h, logging.handlers.RotatingFileHandler)]:
        root.removeHandler(handler)
        handler.close()


def configure(settings: StorageSettings, process: str) -> None:
    """Send this process's events, and warnings of libraries, to its log file."""
    settings.logs_path.mkdir(parents=True, exist_ok=True)
    handler = logging.handlers.RotatingFileHandler(
        log_file(settings, process), maxBytes=MAX_BYTES, backupCount=BACKUPS, encoding="utf-8", delay=True
    )
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _without_content,
    ]
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                # Local variables would hold text of documents and questions.
                structlog.processors.ExceptionRenderer(
                    structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
                ),
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    close()
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    for package in ("storage", "ingestion", "serving", "evals", "orchestration", "dashboards", "cli"):
        logging.getLogger(package).setLevel(logging.INFO)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *[p for p in shared if not isinstance(p, structlog.stdlib.ExtraAdder)],
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    structlog.contextvars.bind_contextvars(process=process)
