"""Which model answers: candidates in order, tried again and fallen back from until the first word is sent."""
