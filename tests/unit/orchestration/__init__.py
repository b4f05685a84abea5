"""The shape of the pipeline."""
