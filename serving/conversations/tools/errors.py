"""Errors of tools."""

from serving.errors import BadRequestError


class ToolsNotTakenError(BadRequestError):
    """None of the bot's models may be offered tools."""

    slug = "tools-not-taken"
    title = "This bot takes no tools"


class ToolDialogueError(BadRequestError):
    """Calls of tools and their results do not belong together, or the tools that are offered do not."""

    slug = "tool-dialogue"
    title = "These calls of tools and their results do not belong together"

    def __init__(self, detail: str, *, field: str) -> None:
        super().__init__(detail, errors=[{"field": field, "message": detail}])
