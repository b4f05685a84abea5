"""Reports about the quality of answers: files that a browser opens."""

from pathlib import Path
from typing import Any

import dagster as dg
from pydantic import Field

from orchestration.assets import eval_scores
from orchestration.organizations import chosen_organizations
from orchestration.resources.installation import Installation

KEY = dg.AssetKey(["reports", "answer_quality"])


class ReportConfig(dg.Config):
    """What to report about."""

    organization: str | None = Field(default=None, description="id or slug; every organization, if unset")
    questions: str | None = Field(default=None, description="file of questions; PIXEL_EVAL_QUESTIONS, if unset")


@dg.asset(
    key=KEY, group_name="answer_quality", deps=[eval_scores.KEY, dg.AssetKey(["warehouse", "fct_eval_scores"])],
    kinds={"html"},
)  # fmt: skip
def answer_quality(config: ReportConfig, installation: Installation) -> dg.MaterializeResult[None]:
    """Two files per organization's newest evaluation run: its quality, and what its rows look like."""
    from evals.data_report import write_data_report
    from evals.datasets.questions import load_questions
    from evals.report import write_report
    from evals.settings import eval_settings
    from evals.stored import latest_results

    dataset = load_questions(Path(config.questions) if config.questions else eval_settings().questions_path)
    folder = installation.settings.home_path / "reports"
    files: list[Path] = []
    with installation.open() as stores:
        for organization_id in chosen_organizations(stores, config.organization):
            results = latest_results(stores.app, organization_id, dataset)
            if results and results[0].samples:
                before = results[1] if len(results) > 1 and results[1].samples else None
                files += [write_report(results[0], folder), write_data_report(results[0], folder, before=before)]
    metadata: dict[str, Any] = {"reports": len(files)}
    return dg.MaterializeResult(metadata=metadata | {path.name: dg.MetadataValue.path(str(path)) for path in files})
