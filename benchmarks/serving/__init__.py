"""`pixel bench serving`: the chat API under load, under faults, under attack."""
