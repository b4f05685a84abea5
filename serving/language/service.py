"""Understanding a text that somebody wrote to a bot."""

import uuid

from anyio import to_thread

from serving.accounts.principal import Actor
from serving.bots.service import get_chatbot
from serving.context import ServingContext
from serving.language.analysis import BotLanguage, analyse
from serving.language.intents.models import live_classifier
from serving.language.schemas import UnderstandCreate
from serving.language.understanding import Understanding
from storage.postgres.session import async_organization_session


async def understand(
    context: ServingContext, actor: Actor, chatbot_id: uuid.UUID, body: UnderstandCreate
) -> Understanding:
    """Understand a text as a bot does. No database connection is held while it is looked at.

    Raises:
        ChatbotNotFoundError: The bot is unknown here.
    """
    bot = await bot_language(context, actor, chatbot_id)
    reference = body.reference()
    return await to_thread.run_sync(lambda: analyse(body.text, bot, embedder=context.embedder, reference=reference))


async def bot_language(context: ServingContext, actor: Actor, chatbot_id: uuid.UUID) -> BotLanguage:
    """What understanding needs to know of a bot.

    Raises:
        ChatbotNotFoundError: The bot is unknown here.
    """
    async with async_organization_session(context.engine, actor.organization_id) as session:
        config = (await get_chatbot(session, chatbot_id)).config.language
        classifier = await live_classifier(session, context, chatbot_id)
    return BotLanguage(classifier, config.region, config.patterns())
