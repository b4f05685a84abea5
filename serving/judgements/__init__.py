"""What people say of passages that a search found, and two ways of searching judged by it."""
