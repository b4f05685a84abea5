"""Embeds a question with the model of the index that it is asked of, and of no other."""

import numpy as np
from anyio import to_thread
from numpy.typing import NDArray

from ingestion.embedding.registry import embedder_of
from ingestion.errors import ModelUnavailableError
from serving.retrieval.errors import EmbeddingMismatchError, EmbeddingModelUnavailableError
from storage.errors import IndexMismatchError
from storage.postgres.models.index_version import IndexVersion


async def embed_question(index: IndexVersion, question: str) -> NDArray[np.float32]:
    """The vector of a question, float32[dimension], in a thread of its own.

    Raises:
        EmbeddingMismatchError: The model here has another name, other files or another dimension than the index.
        EmbeddingModelUnavailableError: The model is not here, or cannot be loaded.
    """

    def embed() -> NDArray[np.float32]:
        return np.asarray(embedder_of(index).embed_queries([question])[0], dtype=np.float32)

    try:
        return await to_thread.run_sync(embed)
    except IndexMismatchError as error:
        raise EmbeddingMismatchError(str(error)) from error
    except ModelUnavailableError as error:
        raise EmbeddingModelUnavailableError(str(error)) from error
