"""Conversations, messages, streaming, receipts and the OpenAI-compatible route."""
