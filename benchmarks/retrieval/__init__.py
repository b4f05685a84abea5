"""`pixel bench retrieval`: does it find the passage, how fast, and does it stay right when things are changed or broken."""
