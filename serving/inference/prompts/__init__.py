"""Prompts: versioned Markdown files, rendered into messages; passages are fenced as data."""

from serving.inference.prompts.rendering import RenderedPrompt, grounded, prompt_hash

__all__ = ["RenderedPrompt", "grounded", "prompt_hash"]
