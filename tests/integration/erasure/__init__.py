"""Erasing: nothing of what was erased is left in any store."""
