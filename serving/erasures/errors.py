"""Errors of erasures."""

from serving.errors import BadRequestError, NotFoundError


class ErasureNotFoundError(NotFoundError):
    """No such erasure."""

    title = "No such erasure"


class ErasureSubjectNotFoundError(NotFoundError):
    """The organization has no such document or knowledge base."""

    title = "Nothing with this id is here to erase"


class ErasureRequestError(BadRequestError):
    """A request that makes no sense."""

    slug = "erasure-request"
    title = "This cannot be erased as asked"
