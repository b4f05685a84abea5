"""Tests of the truth."""
