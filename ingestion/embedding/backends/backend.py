"""The interface of engines: token ids in, one vector per token out.

Which tokens go in and what is made of the vectors is the embedder's, so that every engine gives the same embeddings.
"""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

TokenIds = NDArray[np.int64]
TokenVectors = NDArray[np.float32]


class Backend(Protocol):
    """Runs the model. Calls come one at a time."""

    name: str

    def token_vectors(self, ids: TokenIds, mask: TokenIds) -> TokenVectors:
        """The model's last layer.

        Args:
            ids: Token ids, int64[texts, tokens], padded at the end.
            mask: 1 for a token, 0 for padding; the same shape.

        Returns:
            float32[texts, tokens, dimension]; rows of padding mean nothing.
        """
        ...


class BackendError(Exception):
    """An engine cannot be used here; the message says why."""
