"""Benchmarks of ingestion, one part per file; `measure.py` runs them all."""
