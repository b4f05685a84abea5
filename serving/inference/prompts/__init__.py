"""Prompts: versioned Markdown files, rendered into messages; passages are fenced as data."""
