"""Tests of ingestion on real stores."""
