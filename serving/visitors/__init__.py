"""Visitors: people without an account on the chat page of a bot that is published to anyone."""
