"""Errors of visitors."""

from serving.errors import ForbiddenError, TooManyRequestsError


class NotThePageError(ForbiddenError):
    """A visit begins on the chat page: without its header, another site may have caused the request."""

    slug = "not-the-page"
    title = "Only the chat page may do this; it sends the header X-Pixel-Page: 1"


class TooManyVisitorsError(TooManyRequestsError):
    """An address has begun too many visits."""

    slug = "too-many-visitors"
    title = "Too many visits began at this address"


class VisitorLimitError(TooManyRequestsError):
    """A visitor, or all of them together, asked as much as they may today; nothing was stored."""

    slug = "visitor-limit"
    title = "No more questions today"
