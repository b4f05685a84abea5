"""Gates of index versions on a real installation."""
