"""What the service tells operators of itself: metrics to scrape, spans to follow. Never a text, never a tenant."""
