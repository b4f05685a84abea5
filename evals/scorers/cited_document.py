"""Whether the answer rests on the right document."""

from evals.samples import Observation, Sample


def cited_document(sample: Sample, observation: Observation) -> bool:
    """The answer cites the document that holds the answer."""
    return sample.document in observation.cited
