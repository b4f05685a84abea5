"""What a conversation remembers: its last turns, a summary of those before, facts, topics, and what a question leans on."""
