"""Errors of hand-overs."""

from serving.errors import ConflictError, ForbiddenError, NotFoundError


class HandoverNotFoundError(NotFoundError):
    """No such hand-over, or one of another organization."""

    title = "No such hand-over"


class HandoverNotOfferedError(ForbiddenError):
    """The bot hands over to nobody when it is asked to; visitors cannot do so by themselves."""

    slug = "handover-not-offered"
    title = "This bot does not hand over to a person on request"


class NothingToHandOverError(ConflictError):
    """A visitor asks for a person before saying anything."""

    slug = "nothing-to-hand-over"
    title = "Nothing was said in this conversation yet; write what it is about first"


class HandoverElsewhereError(ConflictError):
    """A visitor waits for a person in another conversation; they have one hand-over at a time."""

    slug = "handover-elsewhere"
    title = "A person is to answer you in another conversation already; go on there, or wait until that is resolved"


class HandoverResolvedError(ConflictError):
    """It is over; the bot answers again."""

    slug = "handover-resolved"
    title = "This hand-over is resolved; the bot answers in this conversation again"


class HandoverTakenError(ConflictError):
    """Somebody else answers in this conversation."""

    slug = "handover-taken"
    title = "Somebody else has taken this conversation; it can be taken when they release it"
