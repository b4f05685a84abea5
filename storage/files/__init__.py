"""Originals and artefacts, immutable and named by content hash."""
