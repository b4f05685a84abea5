"""Evaluation scores: how a bot answers questions with known answers."""

from pathlib import Path
from typing import Any

import dagster as dg
from pydantic import Field

from orchestration.assets import document_chunks
from orchestration.organizations import chosen_organizations
from orchestration.resources.installation import Installation

KEY = dg.AssetKey(["postgres", "eval_scores"])


class EvalConfig(dg.Config):
    """What to ask whom."""

    organization: str | None = Field(default=None, description="id or slug; every organization, if unset")
    bot: str | None = Field(default=None, description="slug of the bot; the oldest published one, if unset")
    questions: str | None = Field(default=None, description="file of questions; PIXEL_EVAL_QUESTIONS, if unset")


@dg.asset(key=KEY, group_name="eval_scores", deps=[document_chunks.KEY], kinds={"postgres"})
def eval_scores(config: EvalConfig, installation: Installation) -> dg.MaterializeResult[None]:
    """One row per question and scorer. Organizations that have no bot, or none of the documents, are left out."""
    from evals.run import evaluable, evaluate_grounded_answers
    from evals.settings import eval_settings

    questions = Path(config.questions) if config.questions else eval_settings().questions
    metadata: dict[str, Any] = {"questions": str(questions)}
    with installation.open() as stores:
        chosen = chosen_organizations(stores, config.organization)
        ready = [one for one in chosen if evaluable(stores.app, one, questions)]
    results = [
        evaluate_grounded_answers(installation.settings, organization_id=one, questions=questions, chatbot=config.bot)
        for one in ready
    ]
    for result in results:
        metadata |= {name: metric.value for name, metric in result.metrics.items() if "/" not in name}
    scores = sum(len(scored.scores) for result in results for scored in result.samples)
    counts = {"organizations": len(results), "left_out": len(chosen) - len(results), "dagster/row_count": scores}
    return dg.MaterializeResult(metadata=metadata | counts)
