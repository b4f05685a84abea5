"""Errors of memory."""

from serving.errors import NotFoundError


class FactNotFoundError(NotFoundError):
    """No such fact in this conversation."""

    title = "No such fact in this conversation"
