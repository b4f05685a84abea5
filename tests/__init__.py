"""Tests of the product, on real stores."""
