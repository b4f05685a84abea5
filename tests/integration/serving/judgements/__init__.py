"""Labels and comparisons over the API."""
