"""Errors of knowledge."""

from serving.errors import BadRequestError, ConflictError, NotFoundError, UnavailableError


class KnowledgeBaseNotFoundError(NotFoundError):
    """No such knowledge base."""

    title = "No such knowledge base"


class DocumentNotFoundError(NotFoundError):
    """No such document."""

    title = "No such document"


class IngestionNotFoundError(NotFoundError):
    """No such ingestion in this knowledge base."""

    title = "No such ingestion"


class DocumentNameTakenError(ConflictError):
    """A document of this name is there that the one who asks may not change."""

    slug = "document-name-taken"
    title = "A document of this name is in the knowledge base already; choose another name"


class MetadataError(BadRequestError):
    """Metadata that cannot be kept."""

    slug = "metadata"
    title = "The metadata cannot be kept"


class VersionNotFoundError(NotFoundError):
    """No such version."""

    title = "No such version of this document"


class VersionConflictError(ConflictError):
    """A decision that this version's state does not allow."""

    slug = "version-state"
    title = "The version's state does not allow this"


class NothingToCompareError(ConflictError):
    """A document with one version only, or one that was never read."""

    slug = "nothing-to-compare"
    title = "There are not two versions to compare"


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


class NameClashError(ConflictError):
    """Documents of the same source are in the target already."""

    slug = "name-clash"
    title = "Some of the documents are in that knowledge base already; nothing was done"


class NotReadError(ConflictError):
    """Documents that were never read cannot be copied."""

    slug = "not-read"
    title = "Some of the documents were not read yet; nothing was done"


class TooManyDocumentsError(BadRequestError):
    """More documents than one request may change."""

    slug = "too-many-documents"
    title = "Too many documents for one request; nothing was done"
