"""Backups, restores and drills on real stores."""
