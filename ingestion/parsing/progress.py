"""How far a parser is, for whoever listens: the sandboxed process tells its worker, a direct caller hears nothing."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from storage.records.parsed_document import Block


@dataclass(frozen=True, slots=True)
class Listener:
    """Who hears of progress: pages done of all, and once that pictures are being read, which takes longer.

    `parts` takes text and blocks of a long document before it is read to its end.
    """

    pages: Callable[[int, int], None]
    reading_pictures: Callable[[], None]
    parts: Callable[[str, Sequence[Block]], None] | None = None


_listener: ContextVar[Listener | None] = ContextVar("progress_listener", default=None)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Let a listener hear of what is read inside the block."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def pages_done(done: int, total: int) -> None:
    """Say how many pages of a document have been read; for a text without pages, how many bytes."""
    listener = _listener.get()
    if listener is not None:
        listener.pages(done, total)


def reading_pictures() -> None:
    """Say that Tesseract is at work."""
    listener = _listener.get()
    if listener is not None:
        listener.reading_pictures()


def hand_over(text: str, blocks: Sequence[Block]) -> bool:
    """Give away the next part of a document, so that its parser need not hold it.

    Returns:
        Whether somebody took it; if not, it belongs into the document.
    """
    listener = _listener.get()
    if listener is None or listener.parts is None:
        return False
    listener.parts(text, blocks)
    return True
