"""Erasures: asked for here, carried out by a worker, kept in a ledger."""
