"""Ingestions: progress of documents that were given together, and stopping or resuming them."""
