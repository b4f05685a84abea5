"""Parsed document to chunks; one file per strategy."""
