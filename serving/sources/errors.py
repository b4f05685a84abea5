"""Errors of sources."""

from serving.errors import BadRequestError, ConflictError, NotFoundError


class SourceNotFoundError(NotFoundError):
    """No such source."""

    title = "No such source"


class SourceNameTakenError(ConflictError):
    """The name is in use."""

    slug = "name-taken"
    title = "Another source of this organization has this name"


class SourceDisabledError(ConflictError):
    """A source that is switched off."""

    slug = "source-disabled"
    title = "The source is switched off"


class SourceSettingsError(BadRequestError):
    """Settings that do not fit the kind, or a place that may not be read."""

    slug = "source-settings"
    title = "The settings do not say where this source is"
