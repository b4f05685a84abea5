"""Openings and canned replies: texts that are written once and used often."""
