"""Answers on their way: each runs as a task of its own, is kept for readers who come back, and has a bounded place."""
