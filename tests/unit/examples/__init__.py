"""Tests of the example documents and of the questions about them."""
