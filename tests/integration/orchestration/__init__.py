"""The pipeline, run by Dagster on real stores."""
