"""Which restricted documents the code that runs now may read: what row-level security finds in `pixel.groups`.

Workers, Dagster and the command line act as the system, which reads everything. A request begins with nothing restricted and
is given what its principal may read (`serving.accounts.authentication`). The value follows tasks and `anyio` threads that the
request starts, because both copy its context.
"""

import uuid
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_EVERYTHING = "*"
_groups: ContextVar[str] = ContextVar("pixel_groups", default=_EVERYTHING)


def groups_setting() -> str:
    """The value of `pixel.groups`: `*`, or ids separated by commas; empty for none."""
    return _groups.get()


def reads_everything() -> bool:
    """Whether no document is kept back."""
    return _groups.get() == _EVERYTHING


@contextmanager
def reading_as(group_ids: Collection[uuid.UUID] | None) -> Iterator[None]:
    """Sessions that begin in this block read documents of these groups, and those that are open to everybody.

    Args:
        group_ids: The groups; none at all shows no restricted document, None shows every one.
    """
    value = _EVERYTHING if group_ids is None else ",".join(sorted(str(uuid.UUID(str(one))) for one in group_ids))
    token = _groups.set(value)
    try:
        yield
    finally:
        _groups.reset(token)
