"""Live traffic and metrics."""
