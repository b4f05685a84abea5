"""Tests of model connections, models and routing over the API."""
