"""The chat page for people: one small page, served by the API, that loads nothing from elsewhere."""
