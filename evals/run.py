"""Runs an evaluation for the command line and for orchestration, which do not reach serving themselves."""

import asyncio
import uuid
from pathlib import Path

from sqlalchemy import Engine

from evals import repository
from evals.datasets.questions import Questions, load_questions
from evals.errors import DatasetError, TargetError
from evals.result import EvalResult
from evals.tasks.grounded_answers import OnSample, run_grounded_answers
from serving.accounts.principal import Actor
from serving.context import ServingContext, open_context
from serving.settings import serving_settings
from storage.postgres.models.member import Role
from storage.postgres.session import async_organization_session, organization_session
from storage.settings import StorageSettings


def evaluable(app: Engine, organization_id: uuid.UUID, questions: Path) -> bool:
    """Whether an organization has a published bot and at least one of the documents that the questions are about.

    Args:
        app: Engine of the application's role.
        organization_id: The organization.
        questions: File of questions.

    Raises:
        DatasetError: The file is unusable.
    """
    wanted = load_questions(questions).documents
    with organization_session(app, organization_id) as session:
        slug = session.scalar(repository.FIRST_PUBLISHED)
        readable = set(session.scalars(repository.READABLE_DOCUMENTS))
    return slug is not None and (not wanted or bool(wanted & readable))


def evaluate_grounded_answers(
    settings: StorageSettings,
    *,
    organization_id: uuid.UUID,
    questions: Path,
    chatbot: str | None = None,
    on_sample: OnSample | None = None,
) -> EvalResult:
    """Run the task `grounded_answers` in this process and wait for it. Not for use inside an event loop.

    Args:
        settings: Where the stores are.
        organization_id: Whose bot and documents.
        questions: File of questions.
        chatbot: Slug of the bot; the organization's oldest published bot unless given.
        on_sample: Called with (done, all) after each question.

    Raises:
        DatasetError: The file is unusable, or none of its documents is here.
        TargetError: There is no such bot, or it could not answer.
    """
    dataset = load_questions(questions)
    return asyncio.run(_evaluate(settings, organization_id, dataset, chatbot, on_sample))


async def _evaluate(
    settings: StorageSettings,
    organization_id: uuid.UUID,
    dataset: Questions,
    chatbot: str | None,
    on_sample: OnSample | None,
) -> EvalResult:
    context = open_context(settings, serving_settings())
    try:
        actor = Actor(organization_id, Role.OWNER)
        slug = await _choose(context, organization_id, dataset, chatbot)
        return await run_grounded_answers(context, actor, chatbot=slug, dataset=dataset, on_sample=on_sample)
    finally:
        await context.close()


async def _choose(context: ServingContext, organization_id: uuid.UUID, dataset: Questions, chatbot: str | None) -> str:
    async with async_organization_session(context.engine, organization_id) as session:
        readable = set(await session.scalars(repository.READABLE_DOCUMENTS))
        slug = chatbot or await session.scalar(repository.FIRST_PUBLISHED)
    if dataset.documents and not dataset.documents & readable:
        raise DatasetError(
            f"None of the {len(dataset.documents)} documents that the questions {dataset.name!r} are about can be "
            f"read in organization {organization_id}; take them in first, or set PIXEL_EVAL_QUESTIONS to other questions"
        )
    if slug is None:
        raise TargetError(f"Organization {organization_id} has no published bot; make and publish one first")
    return slug
