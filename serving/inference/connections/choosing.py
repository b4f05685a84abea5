"""Whether a bot's choice of models can be carried out."""

from sqlalchemy.ext.asyncio import AsyncSession

from serving.inference.connections import repository
from serving.inference.connections.errors import ParametersError, UnknownModelError
from serving.inference.parameters import ParameterProblem, parameter_problems
from serving.inference.routing.config import RoutingConfig
from storage.postgres.models.model_connection import ModelProvider


async def check_routing(session: AsyncSession, routing: RoutingConfig) -> None:
    """Check the models that a bot names and what it asks of each.

    Raises:
        UnknownModelError: A model is not one of the organization.
        ParametersError: A model does not take its parameters.
    """
    rows = await repository.models_by_id(session, [c.model_id for c in routing.candidates])
    missing = [str(c.model_id) for c in routing.candidates if c.model_id not in rows]
    if missing:
        raise UnknownModelError(f"No such model: {', '.join(missing)}; GET /api/v1/models lists them")
    problems = []
    for number, candidate in enumerate(routing.candidates):
        model, connection = rows[candidate.model_id]
        found = parameter_problems(
            ModelProvider(connection.provider),
            candidate.parameters,
            max_output_tokens=model.max_output_tokens,
            has_sampling=model.has_sampling,
        )
        problems += [
            ParameterProblem(f"routing.candidates.{number}.parameters.{problem.field}", problem.message)
            for problem in found
        ]
    if problems:
        raise ParametersError(problems)
