"""The interface of engines: token ids in, vectors out.

Which tokens go in is the embedder's, and what a text's vector is is said here, so that every engine gives the same embeddings.
"""

from abc import ABC, abstractmethod

import numpy as np
from numpy.typing import NDArray

TokenIds = NDArray[np.int64]
TokenVectors = NDArray[np.float32]
TextMatrix = NDArray[np.float32]

# Beyond this a vector has no direction.
LEAST_LENGTH = 1e-9


class Backend(ABC):
    """Runs the model. Calls come one at a time.

    Attributes:
        name: What settings and logs call it.
        tokens_per_batch: Tokens of a batch, padding included, with which it is fastest.
    """

    name: str
    # Some thousand tokens fill the cores of a CPU; more leave their caches and are slower (docs/decisions/0005).
    tokens_per_batch: int = 1024

    @abstractmethod
    def token_vectors(self, ids: TokenIds, mask: TokenIds) -> TokenVectors:
        """The model's last layer.

        Args:
            ids: Token ids, int64[texts, tokens], padded at the end.
            mask: 1 for a token, 0 for padding; the same shape.

        Returns:
            float32[texts, tokens, dimension]; rows of padding mean nothing.
        """

    def text_vectors(self, ids: TokenIds, mask: TokenIds) -> TextMatrix:
        """The vectors of whole texts: means of their tokens' vectors, of length 1.

        Args:
            ids: As for `token_vectors`.
            mask: As for `token_vectors`.

        Returns:
            float32[texts, dimension].
        """
        return mean_vectors(self.token_vectors(ids, mask), mask)


class BackendError(Exception):
    """An engine cannot be used here; the message says why."""


def mean_vectors(tokens: TokenVectors, mask: TokenIds) -> TextMatrix:
    """Means of the vectors of the tokens that are there, of length 1.

    Args:
        tokens: float32[texts, tokens, dimension].
        mask: int64[texts, tokens].

    Returns:
        float32[texts, dimension].
    """
    sums = np.einsum("btd,bt->bd", tokens, mask.astype(np.float32))
    unit: TextMatrix = sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), LEAST_LENGTH)
    return unit
