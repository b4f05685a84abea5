"""Tests of the house itself: layout, settings, documents."""
