"""The shape of the dbt project."""
