"""The folder that backups lie in: whose it is, which backups are whole, which are too many."""

import contextlib
import fcntl
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

from storage.backup.errors import BackupError, DamagedBackupError
from storage.backup.manifest import MANIFEST, POOL, stored_files

_MARK = "pixel-backups.json"
PARTIAL = ".partial-"


@contextlib.contextmanager
def opened_for_backup(root: Path) -> Iterator[None]:
    """Make or check the folder, and keep every other backup out while the block runs.

    Raises:
        BackupError: It holds something else, cannot be written, or another backup is being made.
    """
    root.mkdir(parents=True, exist_ok=True)
    if not (root / _MARK).exists():
        if any(root.iterdir()):
            raise BackupError(f"{root} is not empty and holds no backups of this product. Choose an empty folder.")
        (root / _MARK).write_text(json.dumps({"format": 1}) + "\n", encoding="utf-8")
    with (root / ".lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise BackupError(f"Another backup to {root} is being made. Wait until it has ended.") from error
        for left in root.glob(f"{PARTIAL}*"):  # of a backup that was killed
            shutil.rmtree(left)
        yield


def backup_names(root: Path) -> list[str]:
    """Names of the finished backups, newest first; whether they are whole is another question.

    Raises:
        BackupError: The folder holds no backups.
    """
    if not (root / _MARK).is_file():
        raise BackupError(f"{root} holds no backups of this product. Name the folder that was given to `pixel backup`.")
    return sorted((path.parent.name for path in root.glob(f"[0-9]*/{MANIFEST}")), reverse=True)


def known_digests(root: Path) -> dict[str, tuple[int, str]]:
    """Size and SHA-256 of what is in the pool by path, as earlier backups noted them."""
    found = {}
    for name in backup_names(root):
        with contextlib.suppress(DamagedBackupError):  # then its files are read and hashed anew
            found.update({file.path: (file.size, file.sha256) for file in stored_files(root / name)})
    return found


def remove_old(root: Path, *, keep: int) -> int:
    """Remove all but the newest backups, and stored files that no backup names any more.

    Returns:
        How many backups were removed.
    """
    names = backup_names(root)
    for name in names[keep:]:
        (root / name / MANIFEST).unlink()  # from here on it is no backup, whatever happens
        shutil.rmtree(root / name)
    used = {file.path for name in names[:keep] for file in stored_files(root / name)}
    for path in (root / POOL).rglob("*"):
        if path.is_file() and str(path.relative_to(root / POOL)) not in used:
            path.unlink()
    return len(names[keep:])
