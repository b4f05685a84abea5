"""Renders the example company's documents from their text sources; nothing here is needed at run time."""
