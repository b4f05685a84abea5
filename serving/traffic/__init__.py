"""Live traffic of an organization: what its bots do right now, and what stands in their way."""
