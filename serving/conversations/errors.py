"""Errors of conversations."""

from serving.errors import ApiError, BadRequestError, NotFoundError


class ConversationNotFoundError(NotFoundError):
    """No such conversation, or one of somebody else."""

    title = "No such conversation"


class MessageNotFoundError(NotFoundError):
    """No such message."""

    title = "No such message"


class ReceiptNotFoundError(NotFoundError):
    """The message has no receipt: it is a question, or its answer did not come to its end."""

    title = "This message has no receipt"


class ModelNotFoundError(NotFoundError):
    """No bot has this slug."""

    slug = "model-not-found"
    title = "No such model"


class ConversationClosedError(BadRequestError):
    """Nothing can be added to a closed conversation."""

    slug = "conversation-closed"
    title = "This conversation is closed"


class AnswererFailedError(ApiError):
    """The provider failed; what was sent before stands, and nothing was charged."""

    status = 502
    slug = "answerer-failed"
    title = "The answer could not be finished"
