"""Errors of retrieval."""

from serving.errors import ApiError, ConflictError, NotFoundError, UnavailableError


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


class QueryInvalidError(ApiError):
    """There is nothing to search by, or too much."""

    status = 422
    slug = "query-invalid"
    title = "This question cannot be searched for"


class RerankerUnavailableError(ConflictError):
    """A cross-encoder is asked for, and none is configured."""

    slug = "reranker-unavailable"
    title = "No reranker is configured; set PIXEL_API_RERANKER to the folder of a cross-encoder"


class UnknownKnowledgeBaseError(NotFoundError):
    """No such knowledge base in this organization."""


class UnknownIndexVersionError(NotFoundError):
    """No such index version in this organization."""
