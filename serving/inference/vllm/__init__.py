"""vLLM as a server of our own: its environment, its process, its door, and adapters that are proven before they answer."""
