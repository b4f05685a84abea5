"""Whether the answer says what was expected."""

from evals.samples import Observation, Sample, normalised


def contains_answer(sample: Sample, observation: Observation) -> bool:
    """The expected span is in the answer's text or in one of its quotes; case and white space do not matter."""
    if sample.answer is None or observation.is_refused:
        return False
    wanted = normalised(sample.answer)
    return any(wanted in normalised(text) for text in (observation.text, *observation.quotes))
