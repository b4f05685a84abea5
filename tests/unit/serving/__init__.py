"""Tests of the API's slices."""
