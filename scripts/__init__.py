"""Helpers for people who work on this repository; the product never imports them."""
