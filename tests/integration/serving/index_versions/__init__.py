"""Index versions over the API."""
