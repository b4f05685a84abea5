"""Errors of bots."""

from serving.errors import BadRequestError, ConflictError, NotFoundError


class ChatbotNotFoundError(NotFoundError):
    """No such bot."""

    title = "No such chatbot"


class TemplateNotFoundError(NotFoundError):
    """No such template."""

    title = "No such template"


class ChatbotSlugTakenError(ConflictError):
    """The slug is in use."""

    slug = "slug-taken"
    title = "Another chatbot of this organization has this slug"


class UnknownKnowledgeBaseError(BadRequestError):
    """A knowledge base that does not exist here."""

    slug = "unknown-knowledge-base"
    title = "No such knowledge base"
