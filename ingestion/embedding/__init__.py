"""Text to vectors: the one way that documents and questions are embedded."""
