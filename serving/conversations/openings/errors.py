"""Errors of conversation templates and canned replies."""

from serving.errors import BadRequestError, ConflictError, NotFoundError


class ConversationTemplateNotFoundError(NotFoundError):
    """No such template, or one of another organization."""

    title = "No such conversation template"


class CannedReplyNotFoundError(NotFoundError):
    """No such reply, or one of another organization."""

    title = "No such canned reply"


class NameTakenError(ConflictError):
    """Two of one organization would have the same name."""

    slug = "name-taken"
    title = "This name is taken; choose another one"


class VariablesError(BadRequestError):
    """A variable is missing, or is none of the template."""

    slug = "template-variables"
    title = "The variables are not those of the template"
