"""Which language a text is in: what people type, and what documents say."""
