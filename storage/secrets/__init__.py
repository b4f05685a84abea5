"""Secrets at rest: encrypted for one row of one organization, with keys that are neither in the database nor in a backup."""
