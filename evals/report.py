"""The report of an evaluation run: one self-contained HTML file, readable without a network."""

import html
from pathlib import Path
from string import Template

from evals.metrics.proportion import Proportion
from evals.result import EvalResult, ScoredSample

_PAGE = Template((Path(__file__).parent / "report.html").read_text(encoding="utf-8"))
_TITLES = {
    "document_hit_at_5": "Right document among the first five",
    "document_cited": "Right document cited",
    "answer_accuracy": "Expected answer given",
    "false_refusal_rate": "Refused although answerable (lower is better)",
    "refusal_recall": "Refused when not answerable",
}
_WIDTH = 320


def write_report(result: EvalResult, folder: Path) -> Path:
    """Write `answer-quality-<run>.html` and return its path; the folder is made when it is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"answer-quality-{result.eval_run_id}.html"
    path.write_text(render(result), encoding="utf-8")
    return path


def render(result: EvalResult) -> str:
    """The report as HTML."""
    wrong = [scored for scored in result.samples if not scored.is_passed]
    return _PAGE.substitute(
        dataset=html.escape(result.dataset),
        dataset_hash=result.dataset_hash[:12],
        chatbot=html.escape(result.chatbot),
        created_at=result.created_at.strftime("%Y-%m-%d %H:%M UTC"),
        eval_run_id=result.eval_run_id,
        questions=len(result.samples),
        overall=_rows({name: metric for name, metric in result.metrics.items() if "/" not in name}),
        languages=_languages(result.metrics),
        failures="".join(_failure(scored) for scored in wrong) or "<tr><td colspan='4'>None.</td></tr>",
        failure_count=len(wrong),
    )


def _languages(metrics: dict[str, Proportion]) -> str:
    languages = sorted({name.partition("/")[2] for name in metrics if "/" in name})
    parts = []
    for language in languages:
        own = {name.partition("/")[0]: m for name, m in metrics.items() if name.endswith(f"/{language}")}
        parts.append(f"<h3>{html.escape(language)}</h3><table>{_rows(own)}</table>")
    return "".join(parts)


def _rows(metrics: dict[str, Proportion]) -> str:
    return "".join(
        f"<tr><th scope='row'>{html.escape(_TITLES.get(name, name))}</th><td>{_bar(metric)}</td>"
        f"<td class='number'>{_figure(metric)}</td></tr>"
        for name, metric in metrics.items()
    )


def _figure(metric: Proportion) -> str:
    if metric.value is None:
        return "no questions"
    return (
        f"{metric.value:.0%} <small>({metric.low:.0%} to {metric.high:.0%}, {metric.passes} of {metric.count})</small>"
    )


def _bar(metric: Proportion) -> str:
    """A bar for the value with a whisker for the interval."""
    value, low, high = (metric.value or 0.0) * _WIDTH, metric.low * _WIDTH, metric.high * _WIDTH
    whisker = (
        f"<line x1='{low:.1f}' x2='{high:.1f}' y1='9' y2='9'/>"
        f"<line x1='{low:.1f}' x2='{low:.1f}' y1='4' y2='14'/>"
        f"<line x1='{high:.1f}' x2='{high:.1f}' y1='4' y2='14'/>"
    )
    shown = "" if metric.value is None else f"<rect class='value' width='{value:.1f}' height='18'/>{whisker}"
    label = html.escape("no questions" if metric.value is None else f"{metric.value:.0%}")
    return (
        f"<svg viewBox='0 0 {_WIDTH} 18' width='{_WIDTH}' height='18' role='img' aria-label='{label}'>"
        f"<rect class='track' width='{_WIDTH}' height='18'/>{shown}</svg>"
    )


def _failure(scored: ScoredSample) -> str:
    sample, observation = scored.sample, scored.observation
    expected = f"{sample.answer} ({sample.document})" if sample.is_answerable else "a refusal"
    given = "a refusal" if observation.is_refused else " ".join(observation.quotes) or observation.text
    cells = (f"{sample.id} ({sample.language})", sample.question, expected, given)
    inner = "".join(f"<td>{html.escape(cell)}</td>" for cell in cells)
    return f"<tr title='message {observation.message_id}'>{inner}</tr>"
