"""Errors of conversations."""

from serving.errors import ApiError, BadRequestError, ConflictError, ForbiddenError, NotFoundError


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


class VisitorsConversationError(ForbiddenError):
    """Members may read a visitor's conversation and take it over; the bot is asked in it by the visitor alone."""

    slug = "visitors-conversation"
    title = "Only the visitor asks the bot in this conversation; take its hand-over to answer in the bot's place"


class OthersConversationError(ForbiddenError):
    """The bot is asked by who began the conversation; whoever may read it can take it over and answer as a person."""

    slug = "others-conversation"
    title = (
        "Only who began this conversation asks the bot in it; to answer there, ask for its hand-over "
        "(POST /api/v1/conversations/{id}/handover), take it, and reply in the bot's place"
    )


class AnswererFailedError(ApiError):
    """The provider failed. What was sent before stands; what it cost, if it had begun to speak, is settled as an estimate."""

    status = 502
    slug = "answerer-failed"
    title = "The answer could not be finished"


class AnswerElsewhereError(ConflictError):
    """Another process of the service writes this answer right now."""

    slug = "answer-elsewhere"
    title = "This answer is being written; read its stream again in a few seconds"

    def __init__(self) -> None:
        super().__init__(headers={"Retry-After": "5"})


class ResumeExpiredError(ApiError):
    """The answer was stopped or failed, or its interruption is too long ago."""

    status = 410
    slug = "resume-expired"
    title = "This answer cannot be resumed any more; ask again"


class NotAQuestionError(ConflictError):
    """Only what a person asked can be edited."""

    slug = "not-a-question"
    title = "Only a question can be edited; name one by its message id"


class NotAnAnswerError(ConflictError):
    """Only what the bot answered can be tried again."""

    slug = "not-an-answer"
    title = "Only an answer of the bot can be tried again; name one by its message id"


class HandedOverError(ConflictError):
    """A person has this conversation: the bot is silent."""

    slug = "handed-over"
    title = "A person answers this conversation; the bot answers again when they give it back"
