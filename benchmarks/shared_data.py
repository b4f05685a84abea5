"""Where benchmarks find public data: the folder `shared/data` beside the project; it is never copied in."""

from pathlib import Path

DATA = Path(__file__).parents[2] / "shared" / "data"


class DataMissingError(Exception):
    """A benchmark needs data that is not on this machine."""


def data_folder(name: str) -> Path:
    """A folder of public data.

    Raises:
        DataMissingError: It is not there.
    """
    folder = DATA / name
    if not folder.is_dir():
        raise DataMissingError(f"`{folder}` is missing; this benchmark needs the public data set `{name}` there.")
    return folder
