"""Sources: places that documents come from, again and again."""
