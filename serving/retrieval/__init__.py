"""Query -> passages: vector search behind the read gate."""
