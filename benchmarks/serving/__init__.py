"""`pixel bench serving`: the chat API under load, under faults, under attack; and the model servers that it runs against."""
