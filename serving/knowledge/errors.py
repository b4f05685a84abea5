"""Errors of knowledge."""

from serving.errors import ConflictError, NotFoundError, UnavailableError


class KnowledgeBaseNotFoundError(NotFoundError):
    """No such knowledge base."""

    title = "No such knowledge base"


class DocumentNotFoundError(NotFoundError):
    """No such document."""

    title = "No such document"


class IngestionNotFoundError(NotFoundError):
    """No such ingestion in this knowledge base."""

    title = "No such ingestion"


class PassageNotFoundError(NotFoundError):
    """No such passage."""

    title = "No such passage"


class KnowledgeBaseSlugTakenError(ConflictError):
    """The slug is in use."""

    slug = "slug-taken"
    title = "Another knowledge base of this organization has this slug"


class StoreUnavailableError(UnavailableError):
    """A file could not be stored."""

    slug = "store-unavailable"
    title = "The file store cannot be written right now, so nothing was kept; send the file again later"
