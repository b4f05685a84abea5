"""Restricted documents over every surface of the API."""
