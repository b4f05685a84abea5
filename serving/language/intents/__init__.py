"""Intents of a bot: learned from a few examples each, told with a confidence, or not at all when out of scope."""
