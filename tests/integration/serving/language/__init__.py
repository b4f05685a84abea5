"""Tests of language understanding over the API."""
