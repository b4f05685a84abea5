"""What is understood of every question, found beside its search and its answer, and kept with the receipt.

It takes nothing from the answer: it has threads of its own, uses the vector that the search makes, ends with the answer, and
its failure is a line in the log.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from typing import TypeVar

import structlog

from serving.context import ServingContext
from serving.conversations.side_calls import BotModel, bot_model
from serving.conversations.turns import OpenTurn
from serving.language.analysis import BotLanguage, analyse_words, with_intent, with_names
from serving.language.completion import LanguageModel
from serving.language.intents.classifier import IntentClassifier
from serving.language.intents.models import NOT_TRAINED, kept_classifier, live_classifier
from serving.language.names import NO_MODEL, NOT_ASKED
from serving.language.outcome import Unavailable, UnavailableReason
from serving.language.understanding import Understanding
from storage.postgres.models.base import JsonObject
from storage.postgres.session import async_organization_session
from storage.records.vector import Vector

# The answer has come to its end: what is not found by now is not worth more of the reader's time.
MOST_WAIT_S = 3.0
_NOT_IN_TIME = Unavailable(UnavailableReason.FAILED, "The model did not name anybody before the answer ended.")

Result = TypeVar("Result")

# Not the threads of the searches: a queue for these would be time to the first word.
_threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="understanding")

log = structlog.get_logger(__name__)


class QuestionUnderstanding:
    """The understanding of one question, on its way from the moment it is made.

    Args:
        context: The process's context.
        turn: The turn whose question it is.
        question: The question as it stands alone, which its intent is told of; the rest is told of what was typed.

    Attributes:
        task: Does the work; cancelled when nobody asks for it any more.
    """

    def __init__(self, context: ServingContext, turn: OpenTurn, question: str) -> None:
        self._context, self._turn, self._question = context, turn, question
        self._vector: asyncio.Future[Vector | None] = asyncio.get_running_loop().create_future()
        self._understood: Understanding | None = None
        self._names: BotModel | None = None
        self.task = asyncio.create_task(self._run(), name=f"understanding-{turn.message_id}")

    def searched(self, vector: Vector | None) -> None:
        """Go on to the intent: the search has made the question's vector, or none that tells one."""
        if not self._vector.done():
            self._vector.set_result(vector)

    async def found(self) -> JsonObject | None:
        """What was found, without the question's words; None when it failed or is not there in time."""
        self.searched(None)
        await asyncio.wait({self.task}, timeout=MOST_WAIT_S)
        if self._understood is None:
            return None
        kept = self._understood.without_values()
        if self._names is not None:
            kept["names_calls"] = [call.as_json() for call in self._names.calls]
        return kept

    async def _run(self) -> None:
        try:
            await self._understand()
        except Exception as error:  # noqa: BLE001 - whatever it was, the answer goes on without it
            log.warning("understanding_failed", message_id=str(self._turn.message_id), error=type(error).__name__)

    async def _understand(self) -> None:
        config = self._turn.config.language
        bot = BotLanguage(await self._classifier(), config.region, config.patterns())
        now = datetime.now(UTC)
        words = await _in_thread(lambda: analyse_words(self._turn.question, bot, reference=now))
        embedder = self._context.embedder
        if isinstance(bot.classifier, Unavailable):
            told = with_intent(words, self._question, bot.classifier, embedder=embedder)
        else:
            vector = await self._vector
            told = await _in_thread(
                lambda: with_intent(words, self._question, bot.classifier, embedder=embedder, vector=vector)
            )
        if not config.finds_names:
            self._understood = replace(told, names=NOT_ASKED)
            return
        self._understood = replace(told, names=_NOT_IN_TIME)
        self._names = bot_model(self._context, self._turn)
        if self._names is None:
            self._understood = replace(told, names=NO_MODEL)
            return
        model = LanguageModel(self._names, self._turn.config.model)
        self._understood = await with_names(told, self._turn.question, model)

    async def _classifier(self) -> IntentClassifier | Unavailable:
        """The bot's live classifier; the database is asked only when it is not in memory."""
        turn = self._turn
        if turn.intent_model_id is None:
            return NOT_TRAINED
        kept = kept_classifier(turn.intent_model_id)
        if kept is not None:
            return kept
        async with async_organization_session(self._context.engine, turn.actor.organization_id) as session:
            return await live_classifier(session, self._context, turn.chatbot_id)


async def _in_thread(action: Callable[[], Result]) -> Result:
    return await asyncio.get_running_loop().run_in_executor(_threads, action)
