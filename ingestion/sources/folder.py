"""A folder, or a single file, on this machine."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from ingestion.errors import IntakeError
from storage.records.record import Record


class SourceFile(Record):
    """A file to take in. `folder` is set when it was found by walking one."""

    path: Path
    source_uri: str
    name: str
    folder: Path | None = None


def walk(path: Path, *, on_problem: Callable[[OSError], None] | None = None) -> Iterator[SourceFile]:
    """The files at a path, in a fixed order; hidden ones and links that lead out of the folder are left out.

    Args:
        path: A folder or a file.
        on_problem: Told of each folder inside that cannot be read; its files are left out.

    Yields:
        Files with a source address of `file:<folder name>/<path inside>`.

    Raises:
        IntakeError: There is nothing at the path, or it cannot be read.
    """
    root = path.expanduser().absolute()
    if root.is_file():
        yield SourceFile(path=root, source_uri=f"file:{root.parent.name}/{_shown(root.name)}", name=_shown(root.name))
        return
    if not root.is_dir():
        raise IntakeError(f"There is no file or folder at `{path}`. Check the spelling and try again.")
    if not os.access(root, os.R_OK | os.X_OK):
        raise IntakeError(f"The folder `{path}` cannot be read. Give yourself permission to read it.")
    real_root = root.resolve()
    for folder, names, files in os.walk(root, onerror=on_problem):  # follows no links to folders
        names[:] = sorted(name for name in names if not name.startswith("."))
        for name in sorted(files):
            found = Path(folder) / name
            if name.startswith(".") or not _is_inside(found, real_root):
                continue
            inside = found.relative_to(root).as_posix()
            yield SourceFile(
                path=found, source_uri=f"file:{root.name}/{_shown(inside)}", name=_shown(name), folder=root
            )


def _is_inside(path: Path, real_root: Path) -> bool:
    real = path.resolve()
    return real.is_file() and real.is_relative_to(real_root)


def _shown(name: str) -> str:
    """File names may hold any bytes; what is shown and stored is text."""
    readable = os.fsencode(name).decode("utf-8", errors="backslashreplace")
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in readable)
