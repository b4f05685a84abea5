"""Errors of index versions."""

from serving.errors import BadRequestError, ConflictError, NotFoundError, UnavailableError


class IndexVersionNotFoundError(NotFoundError):
    """No such index version."""

    title = "No such index version"


class IndexVersionConflictError(ConflictError):
    """Its state does not allow it."""

    slug = "index-version-conflict"
    title = "The state of the index version does not allow this"


class GatesNotPassedError(ConflictError):
    """A gate has not passed; `gates` names those."""

    slug = "gates-not-passed"
    title = "The index version has not passed its gates"


class BuildRequestError(BadRequestError):
    """A model or chunker that there is not."""

    slug = "build-request"
    title = "An index version cannot be built like this"


class IndexNotReadyError(UnavailableError):
    """The index version could not be brought up to date just now."""

    slug = "index-not-ready"
    title = "The index version could not be brought up to date; try again in a moment"
