"""Windows: pieces of a text or a vector that are distinctive enough to be searched for in any file."""

import re

import numpy as np

_PER_TEXT = 4
_LONGEST = 40
_FEWEST_BYTES = 24
_FEWEST_DIFFERENT = 8
_VALUES_PER_SLICE = 16
# What JSON, COPY and logs would write in another way is left out, so that one form is the same everywhere.
_PLAIN = re.compile(r"""[^\\"'\x00-\x1f\x7f\u0085\u2028\u2029]{8,}""")


def text_windows(text: str) -> list[str]:
    """Up to four pieces of a text, spread over it.

    Args:
        text: A passage, a message.

    Returns:
        Pieces of 24 bytes or more, without quotes, escapes or line breaks; none for a text too short to be told.
    """
    pieces = []
    for run in _PLAIN.finditer(text):
        piece = run.group().strip()
        pieces += [piece[start : start + _LONGEST] for start in range(0, len(piece), _LONGEST)]
    good = list(dict.fromkeys(piece for piece in pieces if _is_distinctive(piece)))
    if len(good) <= _PER_TEXT:
        return good
    return [good[round(n * (len(good) - 1) / (_PER_TEXT - 1))] for n in range(_PER_TEXT)]


def vector_slices(vector: bytes) -> list[bytes]:
    """The first and the last sixteen values of a stored vector.

    Args:
        vector: Little-endian float16[dimension], as `embeddings` keeps it.

    Returns:
        Little-endian float16[16] each, as bytes; none where most values are zero.
    """
    values = np.frombuffer(vector, dtype="<f2")
    ends = (values[:_VALUES_PER_SLICE], values[-_VALUES_PER_SLICE:])
    return [end.tobytes() for end in ends if np.count_nonzero(end) >= _VALUES_PER_SLICE // 2]


def text_forms(window: str) -> list[bytes]:
    """How a text may stand in a file: UTF-8 and both UTF-16."""
    return [window.encode(encoding, "surrogatepass") for encoding in ("utf-8", "utf-16-le", "utf-16-be")]


def vector_forms(piece: bytes) -> list[bytes]:
    """How a slice of a vector may stand in a file: float16, float32, and float16 in hexadecimal as a dump writes it."""
    return [piece, np.frombuffer(piece, dtype="<f2").astype("<f4").tobytes(), piece.hex().encode()]


def _is_distinctive(piece: str) -> bool:
    return len(piece.encode("utf-8", "surrogatepass")) >= _FEWEST_BYTES and len(set(piece)) >= _FEWEST_DIFFERENT
