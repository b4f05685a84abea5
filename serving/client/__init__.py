"""A typed HTTP client of the API, for dashboards and the command line. Imports nothing else of serving but its schemas."""
