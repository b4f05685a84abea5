"""Scores -> a number with an interval."""
