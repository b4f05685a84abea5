"""Frozen rows that cross folders."""
