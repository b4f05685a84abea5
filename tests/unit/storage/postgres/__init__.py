"""Tests of the embedded server and its addresses."""
