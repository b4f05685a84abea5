"""Tests of model connections."""
