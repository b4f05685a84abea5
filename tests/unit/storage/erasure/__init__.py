"""Tests of the parts of erasing that need no store."""
