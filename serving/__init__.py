"""The API: FastAPI, one folder per slice."""
