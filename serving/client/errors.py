"""Errors of the client."""


class ClientError(Exception):
    """The API did not do what was asked; `status` is its code, None when it could not be reached."""

    def __init__(self, message: str, *, status: int | None = None, slug: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.slug = slug
