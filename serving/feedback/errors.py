"""Errors of feedback."""

from serving.errors import BadRequestError


class NotAnAnswerError(BadRequestError):
    """Only answers are rated."""

    slug = "not-an-answer"
    title = "Only an answer can be rated, not a question"
