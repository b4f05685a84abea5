"""What people thought of an answer."""
