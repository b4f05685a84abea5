"""Facts: what people say of themselves and of their matter, found by rules and by a model, the newer one counting."""
