"""Blocking checks; one file per asset that they guard."""
