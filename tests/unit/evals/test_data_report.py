"""The page about the rows of a run."""

from pathlib import Path

from evals.data_report import eval_rows, write_data_report
from evals.tasks.grounded_answers import score
from tests.factories.evals import make_observation, make_result, make_sample, make_unanswerable

TEXT = "within ten days"


class TestEvalRows:
    def test_hold_no_text(self) -> None:
        assert TEXT not in eval_rows(make_result()).to_csv()


class TestWriteDataReport:
    def test_summarises_and_compares_without_loading_anything(self, tmp_path: Path) -> None:
        right = [score(make_sample(id=f"q{n}"), make_observation(total_ms=float(n))) for n in range(20)]
        samples = (*right, score(make_unanswerable(id="u"), make_observation(is_refused=True)))
        path = write_data_report(make_result(samples), tmp_path, before=make_result(samples))
        page = path.read_text(encoding="utf-8")
        assert "total_ms" in page
        assert '<script src="http' not in page
        assert TEXT not in page
