"""Errors of retrieval."""

from serving.errors import ConflictError, UnavailableError


class IndexBrokenError(UnavailableError):
    """The vector table is missing or unreadable."""

    slug = "index-unavailable"
    title = "The search index is being rebuilt; try again in a moment"


class EmbeddingMismatchError(ConflictError):
    """The index was built with another embedding model than is here."""

    slug = "embedding-mismatch"
    title = "The index was built with another embedding model"


class EmbeddingModelUnavailableError(UnavailableError):
    """The index's embedding model is not here, or cannot be loaded."""

    slug = "embedding-model-unavailable"
    title = "The embedding model of the index cannot be loaded"
