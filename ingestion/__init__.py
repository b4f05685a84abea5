"""From raw bytes to searchable passages; folders in the order the data moves."""
