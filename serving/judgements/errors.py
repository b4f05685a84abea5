"""Errors of judgements."""

from serving.errors import ConflictError, NotFoundError


class LabelNotFoundError(NotFoundError):
    """No such label."""

    title = "No such label"


class LabelPlaceNotFoundError(NotFoundError):
    """No such passage or document version."""

    title = "No such passage or document version"


class NothingJudgedError(ConflictError):
    """There is no label to compare by."""

    slug = "nothing-judged"
    title = "Nothing is labelled as right yet; mark passages in the search lab, or with POST /api/v1/retrieval-labels"
