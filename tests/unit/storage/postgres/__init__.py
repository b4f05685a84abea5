"""Tests of storage.postgres that need no server."""
