"""Which texts go through the model together."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray


def batches(lengths: Sequence[int], most_tokens: int) -> Iterator[list[int]]:
    """Group texts of like length, so that little is spent on padding.

    Args:
        lengths: Tokens of each text.
        most_tokens: Most tokens of a batch, padding included; a text that is longer goes alone.

    Yields:
        Indexes into `lengths`; every one once.
    """
    batch: list[int] = []
    for index in sorted(range(len(lengths)), key=lambda i: (lengths[i], i)):
        if batch and lengths[index] * (len(batch) + 1) > most_tokens:
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch


def padded(ids: Sequence[Sequence[int]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Token ids of several texts as one array, and the mask of what is not padding; int64[texts, tokens] both."""
    width = max(len(row) for row in ids)
    array, mask = np.zeros((len(ids), width), dtype=np.int64), np.zeros((len(ids), width), dtype=np.int64)
    for number, row in enumerate(ids):
        array[number, : len(row)] = row
        mask[number, : len(row)] = 1
    return array, mask
