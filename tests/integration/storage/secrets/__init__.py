"""Tests of secrets in the database."""
