"""Builders of samples and answers to them."""

import uuid
from datetime import UTC, datetime
from typing import Any

from evals.result import EvalResult, ScoredSample
from evals.samples import Observation, Sample
from evals.tasks.grounded_answers import metrics_of, score


def make_sample(**given: Any) -> Sample:
    """An answerable English sample about refunds, unless told otherwise."""
    values: dict[str, Any] = {
        "id": "q1", "question": "How long does a refund take?", "language": "en", "is_answerable": True,
        "document": "returns.md", "answer": "within ten days",
    }  # fmt: skip
    return Sample(**(values | given))


def make_unanswerable(**given: Any) -> Sample:
    """A sample that no document answers."""
    return make_sample(**({"is_answerable": False, "document": None, "answer": None} | given))


def make_observation(**given: Any) -> Observation:
    """The right answer to `make_sample()`, unless told otherwise."""
    values: dict[str, Any] = {
        "message_id": uuid.uuid4(), "text": "Refunds arrive within ten days.", "quotes": (), "is_refused": False,
        "retrieved": ("returns.md", "faq.md"), "cited": frozenset({"returns.md"}), "index_version_id": None,
        "total_ms": 80.0,
    }  # fmt: skip
    return Observation(**(values | given))


def make_result(samples: tuple[ScoredSample, ...] | None = None) -> EvalResult:
    """A run with one right and one wrong answer."""
    given = samples or (
        score(make_sample(), make_observation()),
        score(make_unanswerable(id="q2", question="Who <owns> it?"), make_observation(text="The <b>owner</b>.")),
    )
    return EvalResult(
        eval_run_id=uuid.uuid4(), organization_id=uuid.uuid4(), task="grounded_answers", dataset="questions",
        dataset_hash="a" * 64, chatbot="helper", created_at=datetime.now(UTC), samples=given, metrics=metrics_of(given),
    )  # fmt: skip
