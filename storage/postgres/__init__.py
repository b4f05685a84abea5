"""Postgres: the truth. Engines, sessions, models, migrations and the embedded server."""
