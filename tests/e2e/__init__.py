"""Tests of the whole product as people meet it."""
