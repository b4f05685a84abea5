"""Errors of retrieval."""

from serving.errors import ConflictError, UnavailableError


class IndexBrokenError(UnavailableError):
    """The vector table is missing or unreadable."""

    slug = "index-unavailable"
    title = "The search index is being rebuilt; try again in a moment"


class EmbeddingMismatchError(ConflictError):
    """The live index was built with another embedding model."""

    slug = "embedding-mismatch"
    title = "The live index was built with another embedding model"
