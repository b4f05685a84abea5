"""Trained models of a bot's intents: training, judging, and which one is live."""

import threading
import uuid
from collections.abc import Sequence
from functools import lru_cache

from anyio import to_thread
from sqlalchemy.ext.asyncio import AsyncSession

from serving.accounts.audit import record
from serving.accounts.principal import Actor
from serving.context import ServingContext
from serving.language.intents import repository
from serving.language.intents.classifier import IntentClassifier
from serving.language.intents.errors import (
    IntentModelNotFoundError,
    IntentsNotTrainedError,
    TooFewExamplesError,
    TooManyExamplesError,
    TrainingBusyError,
)
from serving.language.intents.judging import judge
from serving.language.intents.schemas import IntentMetrics, IntentModelOut, IntentsOut, LabelledText
from serving.language.intents.service import get_chatbot, list_intents
from serving.language.intents.training import Trained, TrainingSet, train_classifier, training_digest
from serving.language.outcome import Unavailable, UnavailableReason
from storage.postgres.models.intent_model import IntentModel
from storage.postgres.session import async_organization_session

MOST_EXAMPLES = 20_000
_RETRY_AFTER_S = 20
NOT_TRAINED = Unavailable(UnavailableReason.NOT_TRAINED, "The chatbot has no intent model; add examples and train one.")
_CLASSIFIERS_KEPT = 32

# Training uses every core: a second one would only make both slow, so it is refused.
_training = threading.Lock()


async def overview(session: AsyncSession, chatbot_id: uuid.UUID) -> IntentsOut:
    """Intents of a bot, its live model, and whether examples changed since."""
    intents = await list_intents(session, chatbot_id)
    chatbot = await get_chatbot(session, chatbot_id)
    if chatbot.live_intent_model_id is None:
        return IntentsOut(intents=intents, live_model=None, is_stale=False)
    row = await repository.model(session, chatbot_id, chatbot.live_intent_model_id)
    if row is None:
        return IntentsOut(intents=intents, live_model=None, is_stale=False)
    digest = training_digest(await repository.training_rows(session, chatbot_id))
    return IntentsOut(intents=intents, live_model=_out(row, live=row.id), is_stale=digest != row.training_digest)


async def list_models(session: AsyncSession, chatbot_id: uuid.UUID) -> list[IntentModelOut]:
    """Models of a bot, newest first."""
    chatbot = await get_chatbot(session, chatbot_id)
    return [_out(row, live=chatbot.live_intent_model_id) for row in await repository.models(session, chatbot_id)]


async def activate(session: AsyncSession, actor: Actor, chatbot_id: uuid.UUID, model_id: uuid.UUID) -> IntentModelOut:
    """Make a model live: one pointer moves.

    Raises:
        ChatbotNotFoundError: The bot is unknown here.
        IntentModelNotFoundError: The bot has no such model.
    """
    chatbot = await get_chatbot(session, chatbot_id, lock=True)
    row = await repository.model(session, chatbot_id, model_id)
    if row is None:
        raise IntentModelNotFoundError
    chatbot.live_intent_model_id = row.id
    record(session, actor, "intent_model.activated", subject_type="intent_model", subject_id=row.id)
    return _out(row, live=row.id)


async def train(context: ServingContext, actor: Actor, chatbot_id: uuid.UUID) -> IntentModelOut:
    """Learn from the bot's examples in a thread of its own; no database connection is held meanwhile.

    Raises:
        ChatbotNotFoundError: The bot is unknown here.
        TooFewExamplesError: Fewer than two intents with five examples each.
        TooManyExamplesError: More than 20,000 examples.
        TrainingBusyError: Another training runs in this process.
    """
    async with async_organization_session(context.engine, actor.organization_id) as session:
        await get_chatbot(session, chatbot_id)
        examples = await repository.training_rows(session, chatbot_id)
    if len(examples) > MOST_EXAMPLES:
        raise TooManyExamplesError(f"The chatbot has {len(examples):,} examples; at most {MOST_EXAMPLES:,} are learned")
    try:
        training_set = TrainingSet.of(examples)
    except ValueError as error:
        raise TooFewExamplesError(str(error)) from error
    if not _training.acquire(blocking=False):
        raise TrainingBusyError(
            "Another training is running; try again when it has ended", retry_after_s=_RETRY_AFTER_S
        )
    try:
        trained, digest = await to_thread.run_sync(_fit, context, training_set, examples)
    finally:
        _training.release()
    async with async_organization_session(context.engine, actor.organization_id) as session:
        return await _keep(session, context, actor, chatbot_id, trained, digest)


async def test(
    context: ServingContext, actor: Actor, chatbot_id: uuid.UUID, examples: Sequence[LabelledText]
) -> IntentMetrics:
    """Judge the live model on texts with their right intents.

    Raises:
        ChatbotNotFoundError: The bot is unknown here.
        IntentsNotTrainedError: It has no live model, or one of another embedding model.
    """
    async with async_organization_session(context.engine, actor.organization_id) as session:
        found = await live_classifier(session, context, chatbot_id)
    if isinstance(found, Unavailable):
        raise IntentsNotTrainedError(found.detail)

    return await to_thread.run_sync(_judged, context, found, examples)


async def live_classifier(
    session: AsyncSession, context: ServingContext, chatbot_id: uuid.UUID
) -> IntentClassifier | Unavailable:
    """The bot's live classifier, or why there is none; one that was loaded before is not read again.

    Raises:
        ChatbotNotFoundError: The bot is unknown here.
    """
    chatbot = await get_chatbot(session, chatbot_id)
    live = chatbot.live_intent_model_id
    row = await repository.model(session, chatbot_id, live) if live is not None else None
    if row is None:
        return NOT_TRAINED
    if row.embedding_fingerprint != context.embedder.fingerprint:
        return Unavailable(
            UnavailableReason.OTHER_EMBEDDING_MODEL,
            f"The intent model needs vectors of {row.embedding_model}, the product makes those of "
            f"{context.embedder.model}; train it again.",
        )
    loaded = _loaded(row.id)
    if not loaded:
        weights = await repository.weights(session, row.id)
        loaded.append(IntentClassifier.from_bytes(weights, labels=row.labels, threshold=row.threshold))
    return loaded[0]


def kept_classifier(model_id: uuid.UUID) -> IntentClassifier | None:
    """A classifier that was loaded before; None means that `live_classifier` has to be asked."""
    return next(iter(_loaded(model_id)), None)


@lru_cache(maxsize=_CLASSIFIERS_KEPT)
def _loaded(model_id: uuid.UUID) -> list[IntentClassifier]:
    """A place for the classifier of a model, which never changes."""
    return []


def _judged(context: ServingContext, classifier: IntentClassifier, examples: Sequence[LabelledText]) -> IntentMetrics:
    texts = [one.text for one in examples]
    return judge(
        texts,
        [one.intent for one in examples],
        classifier.probabilities(context.embedder.embed_queries(texts), texts),
        labels=classifier.labels,
        threshold=classifier.threshold,
    )


def _fit(
    context: ServingContext, training_set: TrainingSet, examples: Sequence[tuple[str, str | None]]
) -> tuple[Trained, str]:
    vectors = context.embedder.embed_queries(training_set.texts)
    return train_classifier(training_set, vectors), training_digest(examples)


async def _keep(
    session: AsyncSession,
    context: ServingContext,
    actor: Actor,
    chatbot_id: uuid.UUID,
    trained: Trained,
    digest: str,
) -> IntentModelOut:
    chatbot = await get_chatbot(session, chatbot_id, lock=True)
    row = IntentModel(
        organization_id=actor.organization_id,
        chatbot_id=chatbot_id,
        number=await repository.next_model_number(session, chatbot_id),
        embedding_model=context.embedder.model,
        embedding_fingerprint=context.embedder.fingerprint,
        training_digest=digest,
        labels=list(trained.classifier.labels),
        threshold=trained.classifier.threshold,
        metrics=trained.metrics.model_dump(mode="json"),
        weights=trained.classifier.to_bytes(),
        created_by=actor.user_id,
    )
    session.add(row)
    await session.flush()
    chatbot.live_intent_model_id = row.id
    details = {"number": row.number, "examples": trained.metrics.examples}
    record(session, actor, "intent_model.trained", subject_type="intent_model", subject_id=row.id, details=details)
    await session.refresh(row, ["created_at"])
    return _out(row, live=row.id)


def _out(row: IntentModel, *, live: uuid.UUID | None) -> IntentModelOut:
    return IntentModelOut(
        id=row.id,
        number=row.number,
        embedding_model=row.embedding_model,
        training_digest=row.training_digest,
        labels=row.labels,
        threshold=row.threshold,
        metrics=IntentMetrics.model_validate(row.metrics),
        is_live=row.id == live,
        created_at=row.created_at,
    )
