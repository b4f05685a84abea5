"""Errors of hand-overs."""

from serving.errors import ConflictError, ForbiddenError, NotFoundError


class HandoverNotFoundError(NotFoundError):
    """No such hand-over, or one of another organization."""

    title = "No such hand-over"


class HandoverNotOfferedError(ForbiddenError):
    """The bot hands over to nobody when it is asked to; visitors cannot do so by themselves."""

    slug = "handover-not-offered"
    title = "This bot does not hand over to a person on request"


class HandoverResolvedError(ConflictError):
    """It is over; the bot answers again."""

    slug = "handover-resolved"
    title = "This hand-over is resolved; the bot answers in this conversation again"


class HandoverTakenError(ConflictError):
    """Somebody else answers in this conversation."""

    slug = "handover-taken"
    title = "Somebody else has taken this conversation; it can be taken when they release it"
