"""What an index version must pass before it goes live: one gate a file."""
