"""Evaluation scores: how a bot answers questions with known answers."""

import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg
from pydantic import Field

from orchestration.assets import document_chunks
from orchestration.organizations import chosen_organizations
from orchestration.resources.installation import Installation
from storage.stores import Stores

if TYPE_CHECKING:
    from evals.result import EvalResult

KEY = dg.AssetKey(["postgres", "eval_scores"])


class EvalConfig(dg.Config):
    """What to ask whom."""

    organization: str | None = Field(default=None, description="id or slug; every organization, if unset")
    bot: str | None = Field(default=None, description="slug of the bot; the oldest published one, if unset")
    questions: str | None = Field(default=None, description="file of questions; PIXEL_EVAL_QUESTIONS, if unset")
    only_when_changed: bool = Field(default=False, description="keep the last run while documents, bot and code stay")


@dg.asset(key=KEY, group_name="eval_scores", deps=[document_chunks.KEY], kinds={"postgres"})
def eval_scores(config: EvalConfig, installation: Installation) -> dg.MaterializeResult[None]:
    """One row per question and scorer. Organizations that have no bot, or none of the documents, are left out."""
    from evals.settings import eval_settings

    questions = Path(config.questions) if config.questions else eval_settings().questions_path
    metadata: dict[str, Any] = {"questions": str(questions)}
    with installation.open() as stores:
        chosen = chosen_organizations(stores, config.organization)
        results = [_evaluate(config, stores, organization_id, questions) for organization_id in chosen]
    done = [result for result in results if result is not None]
    for result in done:
        metadata |= {name: metric.value for name, metric in result.metrics.items() if "/" not in name}
    scores = sum(len(scored.scores) for result in done for scored in result.samples)
    counts = {"organizations": len(done), "left_out": len(chosen) - len(done), "dagster/row_count": scores}
    return dg.MaterializeResult(metadata=metadata | counts)


def _evaluate(config: EvalConfig, stores: Stores, organization_id: uuid.UUID, questions: Path) -> "EvalResult | None":
    from evals.datasets.questions import load_questions
    from evals.freshness import still_holds
    from evals.run import evaluable, evaluate_grounded_answers
    from evals.stored import latest_results

    if not evaluable(stores.app, organization_id, questions):
        return None
    dataset = load_questions(questions)
    if config.only_when_changed and still_holds(stores.app, organization_id, dataset):
        return latest_results(stores.app, organization_id, dataset, limit=1)[0]
    return evaluate_grounded_answers(
        stores.settings, organization_id=organization_id, questions=questions, chatbot=config.bot
    )
