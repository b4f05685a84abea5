"""From scores to metrics."""

from evals.tasks.grounded_answers import metrics_of, score
from tests.factories.evals import make_observation, make_sample, make_unanswerable


class TestScore:
    def test_an_unanswerable_sample_is_only_asked_for_its_refusal(self) -> None:
        scored = score(make_unanswerable(), make_observation(is_refused=True))
        assert scored.scores == {"refused": True}
        assert scored.is_passed

    def test_an_answerable_sample_passes_with_the_expected_span(self) -> None:
        assert score(make_sample(), make_observation()).is_passed
        assert not score(make_sample(), make_observation(is_refused=True)).is_passed


class TestMetricsOf:
    def test_answerable_and_unanswerable_never_mix(self) -> None:
        samples = (
            score(make_sample(), make_observation()),
            score(make_sample(id="q2"), make_observation(is_refused=True, cited=frozenset())),
            score(make_unanswerable(id="q3"), make_observation(is_refused=True)),
        )
        metrics = metrics_of(samples)
        assert {name: metric.value for name, metric in metrics.items() if "/" not in name} == {
            "document_hit_at_5": 1.0,
            "document_cited": 0.5,
            "answer_accuracy": 0.5,
            "false_refusal_rate": 0.5,
            "refusal_recall": 1.0,
        }
        assert metrics["refusal_recall"].count == 1

    def test_each_language_has_its_own(self) -> None:
        samples = (
            score(make_sample(), make_observation()),
            score(make_sample(id="q2", language="de"), make_observation(text="Nein")),
        )
        metrics = metrics_of(samples)
        assert metrics["answer_accuracy/en"].value == 1.0
        assert metrics["answer_accuracy/de"].value == 0.0
        assert metrics["refusal_recall/de"].value is None
