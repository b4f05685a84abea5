"""What the rows of an evaluation look like, and how they moved since the run before: an HTML page made by Evidently."""

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evals.result import EvalResult

if TYPE_CHECKING:
    import pandas as pd

_NUMBERS = ("total_ms", "passages", "answer_characters")
_CATEGORIES = ("language", "is_answerable", "is_refused", "is_passed")


def write_data_report(result: EvalResult, folder: Path, *, before: EvalResult | None = None) -> Path:
    """Write `eval-rows-<run>.html`: a summary of the rows, and their drift when an earlier run is given.

    Args:
        result: The run.
        folder: Where to write; made when it is missing.
        before: The run to compare with.
    """
    path = folder / f"eval-rows-{result.eval_run_id}.html"
    if path.exists():  # a stored run does not change, and the page takes seconds to make
        return path
    with warnings.catch_warnings():
        # Evidently imports names that its own dependencies have moved; nothing here can act on that.
        warnings.simplefilter("ignore")
        from evidently import Report
        from evidently.presets import DataDriftPreset, DataSummaryPreset

        presets: list[Any] = [DataSummaryPreset()]
        if before is not None:
            presets.append(DataDriftPreset())
        snapshot = Report(presets).run(_dataset(result), None if before is None else _dataset(before))
        folder.mkdir(parents=True, exist_ok=True)
        snapshot.save_html(str(path))
    return path


def _dataset(result: EvalResult) -> Any:
    from evidently import DataDefinition, Dataset

    definition = DataDefinition(numerical_columns=list(_NUMBERS), categorical_columns=list(_CATEGORIES))
    return Dataset.from_pandas(eval_rows(result), data_definition=definition)


def eval_rows(result: EvalResult) -> "pd.DataFrame":
    """One row per sample, without any text."""
    import pandas as pd

    return pd.DataFrame(
        [
            {
                "total_ms": scored.observation.total_ms,
                "passages": float(len(scored.observation.retrieved)),
                "answer_characters": float(len(scored.observation.text)),
                "language": scored.sample.language,
                "is_answerable": str(scored.sample.is_answerable),
                "is_refused": str(scored.observation.is_refused),
                "is_passed": str(scored.is_passed),
            }
            for scored in result.samples
        ]
    )
