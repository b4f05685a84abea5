"""Whether retrieval found the document that holds the answer."""

from evals.samples import Observation, Sample

DEPTH = 5


def right_document_at_5(sample: Sample, observation: Observation) -> bool:
    """The expected document is among the first five documents that retrieval gave, each counted once."""
    distinct = list(dict.fromkeys(observation.retrieved))
    return sample.document in distinct[:DEPTH]
