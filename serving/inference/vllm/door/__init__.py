"""What runs inside the vLLM server; nothing of the product is imported here."""
