"""The images of vector tables that a process keeps in memory, within a budget."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import structlog

from storage.errors import StorageError
from storage.lance.image import BYTES_PER_ROW, EXACT_ROWS, TableImage, advance_image, load_image

if TYPE_CHECKING:
    from lancedb.table import Table

log = structlog.get_logger(__name__)


@dataclass
class _Slot:
    """What is held of one table. Its lock is held by whoever reads the table, not by whoever searches the image."""

    image: TableImage | None = None
    stamp: tuple[int, int] | None = None
    used_at: float = 0.0
    is_loading: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)


class Images:
    """Gives the image of a table that is as new as the table. Safe to use from many threads."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._slots: dict[str, _Slot] = {}
        self._lock = threading.Lock()

    def held(self, name: str, stamp: tuple[int, int] | None) -> TableImage | None:
        """The image of a table that has not changed since it was read, by the table's stamp; None if that is not sure."""
        slot = self._slot(name)
        if stamp is None or slot.stamp != stamp:
            return None
        slot.used_at = time.monotonic()
        return slot.image

    def current(self, name: str, table: Table, *, stamp: tuple[int, int] | None = None) -> TableImage | None:
        """The image of a table at its newest version; None while a large one is read, or where it finds no room.

        A small table is read at once. A large one is read in the background, so that nobody waits for it.

        Args:
            name: The table's name.
            table: The table.
            stamp: Its stamp, taken before this call: a commit that comes meanwhile gives another.
        """
        slot = self._slot(name)
        slot.used_at = time.monotonic()
        image = self._current(name, slot, table)
        slot.stamp = stamp if image is not None else None
        return image

    def _current(self, name: str, slot: _Slot, table: Table) -> TableImage | None:
        image = slot.image if slot.image is not None and slot.image.is_of(table) else None
        if image is not None and image.lance_version == table.version:
            return image
        rows = table.count_rows()
        if rows * (2 * table.schema.field("vector").type.list_size + BYTES_PER_ROW) > self._most_bytes:
            return None
        if image is None and rows > EXACT_ROWS:
            self._in_background(name, slot, table)
            return None
        with slot.lock:
            return self._newest(name, slot, table)

    def load(self, name: str, table: Table) -> None:
        """Read a table now, whatever its size; for whoever can wait."""
        slot = self._slot(name)
        with slot.lock:
            self._newest(name, slot, table)

    def forget(self, name: str) -> None:
        """Drop an image; the table was removed or made anew."""
        with self._lock:
            self._slots.pop(name, None)

    def _newest(self, name: str, slot: _Slot, table: Table) -> TableImage:
        image = slot.image if slot.image is not None and slot.image.is_of(table) else None
        if image is not None and image.lance_version == table.version:
            return image  # another thread was faster
        newest = advance_image(image, table) if image is not None else load_image(table)
        slot.image = newest
        self._make_room(name)
        if newest.is_worn and newest.rows > EXACT_ROWS:
            self._in_background(name, slot, table)
        elif newest.is_worn:
            newest = slot.image = load_image(table)
        return newest

    def _in_background(self, name: str, slot: _Slot, table: Table) -> None:
        with self._lock:
            if slot.is_loading:
                return
            slot.is_loading = True

        def read() -> None:
            started = time.monotonic()
            try:
                image = load_image(table)
                with slot.lock:
                    slot.image, slot.stamp = image, None
                self._make_room(name)
                seconds = round(time.monotonic() - started, 3)
                log.info("vectors_loaded", table=name, rows=image.rows, seconds=seconds)
            except (ValueError, RuntimeError, OSError, StorageError) as error:
                log.warning("vectors_not_loaded", table=name, error=type(error).__name__)
            finally:
                slot.is_loading = False

        threading.Thread(target=read, name=f"image-{name}", daemon=True).start()

    def _slot(self, name: str) -> _Slot:
        with self._lock:
            return self._slots.setdefault(name, _Slot())

    def _make_room(self, name: str) -> None:
        """Drop what was used longest ago until the budget holds; the newest image stays."""
        with self._lock:
            held = {key: slot for key, slot in self._slots.items() if slot.image is not None}
            total = sum(slot.image.byte_size for slot in held.values() if slot.image is not None)

            for key in sorted(held, key=lambda k: held[k].used_at):
                if total <= self._most_bytes:
                    return
                image = held[key].image
                if key != name and image is not None:
                    total -= image.byte_size
                    self._slots.pop(key, None)
                    log.info("vectors_dropped", table=key, rows=image.rows)
