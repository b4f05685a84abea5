"""Tests on real Postgres and LanceDB."""
