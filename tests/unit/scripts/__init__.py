"""Tests of the scripts that `make` runs."""
