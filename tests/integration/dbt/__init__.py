"""The warehouse, built by dbt on real Postgres."""
