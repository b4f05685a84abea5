"""Tests of storage.postgres."""
