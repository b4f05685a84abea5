"""Backups of everything that cannot be rebuilt, restores, and the drill that proves that a restore works."""
