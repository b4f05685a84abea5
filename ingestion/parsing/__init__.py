"""Bytes to a parsed document; one file per format."""
