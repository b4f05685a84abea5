"""Tests of what conversations remember."""
