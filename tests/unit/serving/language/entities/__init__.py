"""Tests of finding entities."""
