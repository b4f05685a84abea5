"""Secret keys of an installation: never beside the data that they open."""

import shutil
from pathlib import Path

from storage.backup.durable_files import sync_file, sync_tree
from storage.backup.errors import BackupError

_PATTERNS = ("keys/**/*", "*.key", "*.pem", "secrets/**/*")


def secret_files(home: Path) -> list[Path]:
    """Files of the home that are secret keys."""
    return sorted({path for pattern in _PATTERNS for path in home.glob(pattern) if path.is_file()})


def copy_keys(home: Path, folder: Path, *, backup_root: Path) -> list[str]:
    """Copy the keys to a folder of their own, readable by its owner only.

    Returns:
        Their names below the home.

    Raises:
        BackupError: The folder is the backup's own, or inside it.
    """
    if folder == backup_root or backup_root in folder.parents:
        raise BackupError(f"{folder} is inside the backup {backup_root}; keys belong apart from what they open.")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    names = []
    for path in secret_files(home):
        name = path.relative_to(home)
        target = folder / name
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        target.touch(mode=0o600)
        shutil.copyfile(path, target)
        sync_file(target)
        names.append(str(name))
    sync_tree(folder)
    return names


def restore_keys(folder: Path, home: Path) -> int:
    """Copy keys back into a home; how many."""
    count = 0
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        target = home / path.relative_to(folder)
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        target.touch(mode=0o600)
        shutil.copyfile(path, target)
        count += 1
    return count
