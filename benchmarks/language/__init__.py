"""How well and how fast the language of a question is understood, on public data beside the project."""
