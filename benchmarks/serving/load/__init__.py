"""Load on the chat API: a model server that numbers its tokens, readers that check every one, and what lies between."""
