"""What an evaluation found."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from evals.metrics.proportion import Proportion
from evals.samples import Observation, Sample


@dataclass(frozen=True)
class ScoredSample:
    """A sample, its answer, and what each scorer that applies said."""

    sample: Sample
    observation: Observation
    scores: dict[str, bool]

    @property
    def is_passed(self) -> bool:
        """Answered as it should be: the expected span for an answerable question, a refusal for any other."""
        return self.scores["contains_answer"] if self.sample.is_answerable else self.scores["refused"]


@dataclass(frozen=True)
class EvalResult:
    """One run. A metric of one language is named `<metric>/<language>`."""

    eval_run_id: uuid.UUID
    organization_id: uuid.UUID
    task: str
    dataset: str
    dataset_hash: str
    chatbot: str
    created_at: datetime
    samples: tuple[ScoredSample, ...]
    metrics: dict[str, Proportion]
