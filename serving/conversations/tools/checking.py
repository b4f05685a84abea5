"""Whether a bot takes tools, looked up before anything of a question is stored."""

import uuid

from serving.accounts.principal import Actor
from serving.bots import service as bots
from serving.context import ServingContext
from serving.conversations.tools.errors import ToolsNotTakenError
from serving.inference.connections import repository
from storage.postgres.session import async_organization_session


async def check_takes_tools(context: ServingContext, actor: Actor, chatbot: uuid.UUID | str) -> None:
    """Refuse tools that none of the bot's models would be offered.

    Args:
        context: The process's context.
        actor: Who asks.
        chatbot: Id or slug of the bot.

    Raises:
        ChatbotNotFoundError: No such bot.
        ToolsNotTakenError: It quotes sentences, or its models are not marked as taking tools.
    """
    async with async_organization_session(context.engine, actor.organization_id) as session:
        bot = await bots.get_chatbot(session, chatbot)
        wanted = [candidate.model_id for candidate in bot.config.routing.candidates]
        rows = (await repository.models_by_id(session, wanted)).values() if wanted else ()
        models = [model for model, connection in rows if model.is_enabled and connection.is_enabled]
        if any(model.has_tools for model in models):
            return
        names = ", ".join(sorted(repr(model.display_name) for model in models))
    if not names:
        raise ToolsNotTakenError(
            f"The bot {bot.slug!r} answers by quoting sentences, which takes no tools; "
            "send the request without `tools`, or give the bot a model that takes them"
        )
    raise ToolsNotTakenError(
        f"No model of the bot {bot.slug!r} takes tools ({names}); send the request without `tools`, "
        'or mark a model that does with PATCH /api/v1/models/{id} {"has_tools": true}'
    )
