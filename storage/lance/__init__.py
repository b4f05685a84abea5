"""Vector tables: one per organization and index version; a cache that Postgres can rebuild."""
