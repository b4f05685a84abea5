"""What we keep, and its shape. Imports nothing else of ours."""
