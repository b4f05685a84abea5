"""Grounded answers: does a bot find the right document, say the expected thing, and refuse what it cannot know?

Data: a file as in `evals/datasets/questions.py`; the product's own is `examples/questions.yaml`. One real example:
"How quickly do I see the money on my account after you have checked the machine I sent back?" is answered in
`returns-policy.md` by "The refund leaves us within 10 working days after the inspection".
"""

import uuid
from collections.abc import Callable

import structlog

from evals import repository
from evals.datasets.questions import Questions
from evals.errors import TargetError
from evals.metrics.proportion import Proportion, proportion
from evals.observe import observe
from evals.result import EvalResult, ScoredSample
from evals.samples import Observation, Sample, Scorer
from evals.scorers.cited_document import cited_document
from evals.scorers.contains_answer import contains_answer
from evals.scorers.refused import refused
from evals.scorers.right_document_at_5 import right_document_at_5
from serving.accounts.principal import Actor
from serving.context import ServingContext
from storage.postgres.models.eval_run import EvalRun
from storage.postgres.session import async_organization_session

log = structlog.get_logger(__name__)

TASK = "grounded_answers"

_ANSWERABLE: tuple[Scorer, ...] = (right_document_at_5, cited_document, contains_answer, refused)
_UNANSWERABLE: tuple[Scorer, ...] = (refused,)

# metric -> (scorer, whether it is about answerable questions)
_METRICS = {
    "document_hit_at_5": ("right_document_at_5", True),
    "document_cited": ("cited_document", True),
    "answer_accuracy": ("contains_answer", True),
    "false_refusal_rate": ("refused", True),
    "refusal_recall": ("refused", False),
}

OnSample = Callable[[int, int], None]


async def run_grounded_answers(
    context: ServingContext,
    actor: Actor,
    *,
    chatbot: uuid.UUID | str,
    dataset: Questions,
    on_sample: OnSample | None = None,
) -> EvalResult:
    """Ask every question, score the answers, and store run and scores, each score with the answer's message.

    Args:
        context: Serving's context.
        actor: On whose behalf the questions are asked.
        chatbot: Id or slug of the bot.
        dataset: The questions.
        on_sample: Called with (done, all) after each question.

    Raises:
        TargetError: There is no such bot, or it could not answer; nothing is stored then.
    """
    async with async_organization_session(context.engine, actor.organization_id) as session:
        bot_id = await repository.chatbot_id(session, chatbot)
    if bot_id is None:
        raise TargetError(f"No bot {chatbot!r} in organization {actor.organization_id}; name one by its slug or id")
    scored: list[ScoredSample] = []
    for number, sample in enumerate(dataset.samples, start=1):
        observation = await observe(context, actor, chatbot=bot_id, sample=sample)
        scored.append(score(sample, observation))
        if on_sample is not None:
            on_sample(number, len(dataset.samples))
    return await _store(context, actor, bot_id, str(chatbot), dataset, tuple(scored))


def score(sample: Sample, observation: Observation) -> ScoredSample:
    """Apply the scorers that the sample calls for."""
    scorers = _ANSWERABLE if sample.is_answerable else _UNANSWERABLE
    return ScoredSample(sample, observation, {s.__name__: s(sample, observation) for s in scorers})


def metrics_of(samples: tuple[ScoredSample, ...]) -> dict[str, Proportion]:
    """Every metric over all samples, then per language."""
    languages = sorted({scored.sample.language for scored in samples})
    overall = {name: _metric(samples, name) for name in _METRICS}
    by_language = {
        f"{name}/{language}": _metric([s for s in samples if s.sample.language == language], name)
        for language in languages
        for name in _METRICS
    }
    return overall | by_language


def _metric(samples: "list[ScoredSample] | tuple[ScoredSample, ...]", name: str) -> Proportion:
    scorer, is_answerable = _METRICS[name]
    return proportion([s.scores[scorer] for s in samples if s.sample.is_answerable is is_answerable])


async def _store(
    context: ServingContext,
    actor: Actor,
    bot_id: uuid.UUID,
    shown: str,
    dataset: Questions,
    samples: tuple[ScoredSample, ...],
) -> EvalResult:
    metrics = metrics_of(samples)
    indexes = [s.observation.index_version_id for s in samples if s.observation.index_version_id is not None]
    run = EvalRun(
        id=uuid.uuid4(),
        organization_id=actor.organization_id,
        task=TASK,
        dataset=dataset.name,
        dataset_hash=dataset.content_hash,
        chatbot_id=bot_id,
        index_version_id=indexes[-1] if indexes else None,
        metrics={name: metric.as_json() for name, metric in metrics.items()},
    )
    async with async_organization_session(context.engine, actor.organization_id) as session:
        created_at = await repository.store_run(session, run, samples)
    log.info("eval_completed", eval_run_id=str(run.id), task=TASK, samples=len(samples))
    return EvalResult(
        eval_run_id=run.id,
        organization_id=actor.organization_id,
        task=TASK,
        dataset=dataset.name,
        dataset_hash=dataset.content_hash,
        chatbot=shown,
        created_at=created_at,
        samples=samples,
        metrics=metrics,
    )
