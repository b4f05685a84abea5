"""Tests of conversations without a database."""
