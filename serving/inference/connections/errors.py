"""Errors of model connections and models."""

from collections.abc import Sequence

from serving.errors import BadRequestError, ConflictError, InvalidError, NotFoundError
from serving.inference.parameters import ParameterProblem


class ConnectionNotFoundError(NotFoundError):
    """No such connection."""

    title = "No such model connection"


class OrganizationModelNotFoundError(NotFoundError):
    """No such model."""

    title = "No such model"


class ConnectionNameTakenError(ConflictError):
    """The name is in use."""

    slug = "name-taken"
    title = "Another model connection of this organization has this name"


class ModelTakenError(ConflictError):
    """The connection has this model already."""

    slug = "model-taken"
    title = "This connection has this model already"


class ModelInUseError(ConflictError):
    """Bots answer with it."""

    slug = "model-in-use"
    title = "Bots answer with this model"


class ConnectionKeyError(ConflictError):
    """The stored key does not open."""

    slug = "connection-key"
    title = "The key of this connection does not open"


class ConnectionAddressError(BadRequestError):
    """An address that must not be called."""

    slug = "connection-address"
    title = "This address may not be called"


class UnknownModelError(BadRequestError):
    """A bot names a model that does not exist here."""

    slug = "unknown-model"
    title = "No such model"


class EvalRunNotFoundError(BadRequestError):
    """A score must come from an evaluation of this organization."""

    slug = "unknown-eval-run"
    title = "No such evaluation run"


class ParametersError(InvalidError):
    """Parameters that a model does not take."""

    slug = "invalid-parameters"
    title = "The model does not take these parameters"

    def __init__(self, problems: Sequence[ParameterProblem], *, where: str = "body") -> None:
        first = problems[0]
        super().__init__(
            f"{first.field}: {first.message}",
            errors=[{"field": f"{where}.{p.field}", "message": p.message} for p in problems],
        )
