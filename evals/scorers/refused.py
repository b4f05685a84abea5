"""Whether the bot said that it does not know."""

from evals.samples import Observation, Sample


def refused(sample: Sample, observation: Observation) -> bool:
    """The bot refused: right for a question that the documents do not answer, wrong for one that they do."""
    return observation.is_refused
