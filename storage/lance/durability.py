"""Makes a commit of LanceDB survive a power cut: on a local disk it never calls fsync itself."""

import os
from pathlib import Path


class FsyncSweep:
    """Syncs the files of a table directory that this process has not synced yet.

    Lance files are immutable, so each needs it once; one that changed (the version hint) is synced again.
    """

    def __init__(self) -> None:
        self._synced: dict[str, tuple[int, int]] = {}

    def run(self, table_path: Path) -> int:
        """Sync new files first, then the folders that name them, innermost first.

        Args:
            table_path: The folder `<table>.lance`.

        Returns:
            How many files were synced.
        """
        count = 0
        touched: set[str] = set()
        for folder, _, names in os.walk(table_path, topdown=False):
            changed = 0
            for name in names:
                changed += self._sync_file(os.path.join(folder, name))
            # A folder that holds folders only names them: those that were just made, too.
            if changed or folder in touched or folder == str(table_path):
                touched.add(os.path.dirname(folder))
                _sync(folder)
            count += changed
        _sync(str(table_path.parent))
        return count

    def _sync_file(self, path: str) -> int:
        try:
            status = os.stat(path)
            mark = (status.st_mtime_ns, status.st_size)
            if self._synced.get(path) == mark:
                return 0
            _sync(path)
        except FileNotFoundError:  # a clean-up removed it between listing and syncing
            return 0
        self._synced[path] = mark
        return 1


def _sync(path: str) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
