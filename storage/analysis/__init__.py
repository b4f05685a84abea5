"""Text -> the terms that full-text search compares: the same code for passages and for questions."""
