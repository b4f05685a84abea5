"""One table per file. Import a model from its own module; `registry` imports them all for Alembic."""
