"""Dagster: assets, checks, schedules and sensors over the packages below. Logic lives there, not here."""
