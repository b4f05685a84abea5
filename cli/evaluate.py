"""`pixel eval run`."""

from pathlib import Path
from typing import Annotated

import typer

from cli.console import emit, say
from cli.errors import fail

app = typer.Typer(help="Evaluations.", no_args_is_help=True)

_NAMES = ("grounded_answers",)


@app.callback()
def _group() -> None:
    """Evaluations."""


@app.command()
def run(
    name: Annotated[str, typer.Argument(help="which evaluation: grounded_answers", show_default=False)],
    bot: Annotated[str | None, typer.Option(help="slug of the bot; the oldest published one when left out")] = None,
    questions: Annotated[
        Path | None, typer.Option(help="file of questions with known answers; examples/questions.yaml unless given")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
) -> None:
    """Ask a bot questions with known answers, and keep scores and intervals beside the answers' receipts."""
    if name not in _NAMES:
        fail(f"No evaluation {name!r}; valid: {', '.join(_NAMES)}")
    from cli.environment import workplace
    from evals.report import write_report
    from evals.run import evaluate_grounded_answers
    from evals.settings import eval_settings

    file = questions or eval_settings().questions_path
    if not file.is_file():
        fail(f"No such file: {file}")
    with workplace() as place:
        result = evaluate_grounded_answers(
            place.settings, organization_id=place.organization_id, questions=file, chatbot=bot
        )
        report = write_report(result, place.settings.home_path / "reports")
    metrics = {metric: value.as_json() for metric, value in result.metrics.items()}
    if as_json:
        emit({"run": str(result.eval_run_id), "metrics": metrics, "report": str(report)})
        return
    for metric, value in metrics.items():
        share = "–" if value["value"] is None else f"{value['value']:.0%}"
        say(f"{metric:<28}{share:>6}  [{value['low']:.0%}, {value['high']:.0%}]  {value['passes']} of {value['count']}")
    say(f"report: {report}")
