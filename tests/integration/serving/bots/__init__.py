"""Tests of bots, templates and flows."""
