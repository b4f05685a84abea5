"""Dagster wrappers over our own packages."""
