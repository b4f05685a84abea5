"""Tests that break things while they are in use."""
